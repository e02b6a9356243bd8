"""seon_proxyclient2: stands inside, dials the server in the DMZ, and believes it nothing it can check itself."""
