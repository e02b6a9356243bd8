"""The panel's page "Partners"."""
