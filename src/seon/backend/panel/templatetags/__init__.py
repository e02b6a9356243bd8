"""Filters and tags of the panel's pages."""
