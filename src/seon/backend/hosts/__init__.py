"""The names and addresses under which this host's Seonapi answers: those in its https certificate."""
