"""The panel's page "About"."""
