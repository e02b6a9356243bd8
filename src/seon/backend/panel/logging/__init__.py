"""The panel's page "Logging"."""
