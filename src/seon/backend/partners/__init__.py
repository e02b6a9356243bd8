"""Partners, their SSID codes and the certificates that admit them."""
