"""What server and client say to each other, and how they know each other. No sockets here."""
