"""The only home of sockets and TLS."""
