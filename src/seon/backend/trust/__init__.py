"""Own certificates, the installation's CAs, licenses, security tokens, and what is kept for revocation."""
