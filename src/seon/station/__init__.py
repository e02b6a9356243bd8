"""The I/O shell around `oftp2.station`: files and sockets. It sends and receives files over TCP and TLS."""
