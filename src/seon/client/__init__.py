"""seon_proxyclient2: stands inside, dials the server in the DMZ, and believes it nothing it can check itself.

The modules here run in its main and its session processes, `courier` in a process of its own.
"""
