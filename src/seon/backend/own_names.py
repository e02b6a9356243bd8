"""The names and addresses that this host has: what `seonapi init` puts into the https certificate by itself.

The kernel and the resolver say them. Nothing is sent to anybody but the resolver.
"""

import ipaddress
import re
import socket
import threading
from pathlib import Path

from seon.addresses import Address, AddressError, read_host
from seon.backend.errors import OperatorError

IPV4 = Path("/proc/net/fib_trie")
IPV6 = Path("/proc/net/if_inet6")
MOST_ADDRESSES = 100
"""Addresses that are taken; a host with more names those that count with --host."""
RESOLVER_SECONDS = 5.0
_LOCAL = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")
"""In the kernel's routing table: an address that is this host's own. The networks of loopback have no /32."""


def own_hosts() -> list[str]:
    """Return this host's name, its full name and its addresses, without loopback and link-local ones.

    Raises OperatorError for a host with more than `MOST_ADDRESSES` addresses.
    """
    addresses = _own_addresses()
    if len(addresses) > MOST_ADDRESSES:
        raise OperatorError(
            f"This host has {len(addresses)} addresses: name those that clients use, with --host, once for each"
        )
    found = dict.fromkeys(name for name in map(_as_host, (socket.gethostname(), _full_name())) if name)
    return [*found, *map(str, addresses)]


def _as_host(name: str) -> str:
    """Return a name as a certificate may have it; empty for one that cannot be dialled, or means loopback."""
    try:
        host = read_host(name)
    except AddressError:
        return ""
    return "" if host.split(".")[0].lower() == "localhost" else host


def _full_name() -> str:
    """Return the host's full name; empty if the resolver does not know it in time."""
    said: list[str] = []
    # A resolver that does not answer holds its caller for a minute, and cannot be asked to stop.
    asking = threading.Thread(target=lambda: said.append(socket.getfqdn()), daemon=True)
    asking.start()
    asking.join(RESOLVER_SECONDS)
    return said[0] if said else ""


def _own_addresses() -> list[Address]:
    found: list[Address] = [ipaddress.IPv4Address(text) for text in _LOCAL.findall(_read(IPV4))]
    found += [ipaddress.IPv6Address(bytes.fromhex(line.split()[0])) for line in _read(IPV6).splitlines()]
    return [address for address in dict.fromkeys(found) if not (address.is_loopback or address.is_link_local)]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # a kernel without IPv6, or a container that hides it
        return ""
