"""Revocation lists: where they are to be had, how they are fetched and kept, and what becomes of them."""
