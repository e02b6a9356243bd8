"""The panel's page "Sessions"."""
