"""ODETTE-FTP (RFC 5024 and its older levels 1, 2 and 4): the protocol alone, without sockets, clocks and logs.

It needs the standard library only and imports nothing else of ours; it could be a package of its own. Lengths and
offsets are octets; an offset counts from the first octet of the exchange buffer, after the 4-octet stream header.
"""
