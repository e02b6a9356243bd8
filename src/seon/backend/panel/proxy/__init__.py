"""The panel's page "Proxy"."""
