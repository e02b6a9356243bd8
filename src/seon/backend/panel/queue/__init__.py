"""The panel's page "Queue"."""
