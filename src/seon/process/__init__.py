"""What a session process and its main share: the line between them, making of events, signals, memory."""
