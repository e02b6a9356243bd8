"""The panel's page "Files"."""
