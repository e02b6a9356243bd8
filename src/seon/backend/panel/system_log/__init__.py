"""The panel's page "System log"."""
