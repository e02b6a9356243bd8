"""Users of the panel and of the REST API: who they are, and what they may do."""
