"""What both daemons need: their directory, log, PID file, signals, and the fork of session processes."""
