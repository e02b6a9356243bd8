"""The panel's page "Own certificates"."""
