"""The panel's page "TCP/IP"."""
