"""All that runs in a session process, on both hosts, and nothing else. The way in is `start`."""
