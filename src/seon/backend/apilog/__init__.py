"""The API log as the administrator chooses it: its file and its level."""
