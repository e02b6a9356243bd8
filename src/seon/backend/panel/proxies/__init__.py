"""The panel's page "Proxies"."""
