"""The panel's page "Refused strangers"."""
