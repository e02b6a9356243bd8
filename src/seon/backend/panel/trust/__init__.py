"""The panel's page "Trust"."""
