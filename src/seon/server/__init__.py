"""seon_proxyserver2: stands in the DMZ, ends the partners' TLS, dials nobody inside."""
