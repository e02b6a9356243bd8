"""The panel's page "Licenses"."""
