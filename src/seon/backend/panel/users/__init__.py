"""The panel's page "Users"."""
