"""What runs now: the last word of each client, and the orders that wait for it."""
