"""The names of the client's files in its home."""

LOG_NAME = "seon_proxyclient"
PID_NAME = "seon_proxyclient2.pid"
