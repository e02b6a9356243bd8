"""The installation's settings, and the counter that is raised by every change of what a client is given."""
