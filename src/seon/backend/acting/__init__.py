"""Acts: what somebody may do to an installation, each one function with its right and its audit entry."""
