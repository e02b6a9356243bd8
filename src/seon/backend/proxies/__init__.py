"""The proxy's own programs: servers in the DMZ by Proxy ID, clients inside by their address."""
