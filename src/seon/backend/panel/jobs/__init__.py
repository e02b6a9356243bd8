"""The panel's page "Background jobs"."""
