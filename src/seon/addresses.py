"""Addresses: one spelling for each, IPv4-mapped IPv6 is IPv4 everywhere (mission A8)."""

import ipaddress
import re

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_BRACKETED = re.compile(r"\[([^\]]*)\](?::([0-9]*))?")
_PORT = re.compile("[0-9]{1,5}")


class AddressError(ValueError):
    """An address as a person wrote it cannot be read; the text says what was expected."""


def canonical(text: str) -> Address:
    """Return the address a text names, without zone; an IPv4-mapped IPv6 address as IPv4. Raises AddressError."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        raise AddressError(f"{text!r} is not an IP address") from None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def identifying(text: str) -> Address:
    """Return an address as it identifies a listener or client: `::1` counts as 127.0.0.1 (mission A8)."""
    address = canonical(text)
    return ipaddress.IPv4Address("127.0.0.1") if address == ipaddress.IPv6Address("::1") else address


def neighbourhood(text: str) -> str:
    """Return whom an address is counted with: itself, or its /64 where one subscriber has 2^64 of them (IPv6)."""
    address = canonical(text)
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((address, 64), strict=False))


def split_host_port(text: str, default_port: int) -> tuple[str, int]:
    """Split `host`, `host:port`, `:port`, `[v6]` and `[v6]:port`; a bare IPv6 address has no port.

    Returns host ("" where none is given) and port. Raises AddressError.
    """
    match = _BRACKETED.fullmatch(text)
    if match:
        host, port = str(canonical(match[1])), match[2]
    elif text.count(":") > 1:
        host, port = str(canonical(text)), None
    else:
        host, _, port = text.partition(":")
    if not port:
        return host, default_port
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= 65_535:
        raise AddressError(f"{port!r} is not a TCP port: 1 to 65535")
    return host, int(port)


def shown(host: str, port: int) -> str:
    """Return `host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
