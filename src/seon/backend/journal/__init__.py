"""What happened: events and sessions. Nothing here is ever changed by hand."""
