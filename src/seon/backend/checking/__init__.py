"""`seonapi check`: looks at a whole installation and names what is wrong, or soon will be, with what to do."""
