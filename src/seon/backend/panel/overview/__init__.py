"""The panel's page "Overview"."""
