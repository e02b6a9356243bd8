"""Seonapi: the installation's database, its https API for the client, the panel, and the queue daemon."""
