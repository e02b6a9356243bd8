"""The command lines. Each module imports what it runs only when it runs it."""
