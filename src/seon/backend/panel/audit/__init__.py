"""The panel's page "Audit"."""
