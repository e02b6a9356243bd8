"""On which hosts the newest configuration is in force: a part that pages with settings include."""
