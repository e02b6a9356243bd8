"""Addresses as identities (mission A8): `::1` counts as `127.0.0.1`, an IPv4-mapped IPv6 address is IPv4."""

import ipaddress

_LOOPBACK6 = ipaddress.IPv6Address("::1")
_LOOPBACK4 = ipaddress.IPv4Address("127.0.0.1")


def canonical(text: str) -> str:
    """Return the one form of an address that identifies a client or a listener. Raises ValueError."""
    address = ipaddress.ip_address(text.strip())
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise ValueError(f"{text!r} has a scope; an identity has none")
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
    return str(_LOOPBACK4 if address == _LOOPBACK6 else address)
