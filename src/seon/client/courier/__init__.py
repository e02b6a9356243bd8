"""All that runs in the courier's process, and `messages`, which it shares with the main at the line's other end."""
