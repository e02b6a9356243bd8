"""The panel's page "Tokens"."""
