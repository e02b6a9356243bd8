"""The panel's page "Limits"."""
