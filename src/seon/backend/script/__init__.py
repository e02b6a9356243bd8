"""The event script: a program of the administrator that is run for every critical event (mission E3)."""
