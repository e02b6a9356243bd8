"""How often: rules of OFTP2 that were broken, and messages that ignore rules have kept out of the system log."""
