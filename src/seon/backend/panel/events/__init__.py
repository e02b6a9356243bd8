"""The panel's page "Events"."""
