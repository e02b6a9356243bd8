"""Where a download may go: addresses come from certificates, and partners choose those. Pure but for `resolve`."""

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from seon.addresses import shown
from seon.pki.lists import is_http

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Net = ipaddress.IPv4Network | ipaddress.IPv6Network
PORTS = {"http": 80, "https": 443}
LONGEST = 2_000
"""Characters of an address, a redirect's too."""
MOST_ADDRESSES = 4
"""Addresses of a name that are tried."""
_UNICAST = ipaddress.ip_network("2000::/3")
"""All that is given out of IPv6 for use in public."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class DownloadError(Exception):
    """Why a download has failed, in words."""


@dataclass(frozen=True, slots=True)
class Target:
    """An http or https address in its parts."""

    scheme: str
    host: str
    port: int
    path: str
    """With its query."""

    @property
    def url(self) -> str:
        """The whole address, as a proxy is asked for it."""
        return f"{self.scheme}://{shown(self.host, self.port)}{self.path}"


def target_of(url: str) -> Target:
    """Return an address in its parts. Raises DownloadError."""
    if len(url) > LONGEST or not is_http(url):
        raise DownloadError("it is no address of http or https")
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise DownloadError("an address with user and password is not used")
    path = quote(parts.path or "/", safe="/%:=&~!$,;'@()*+") + (f"?{quote(parts.query, safe='/%:=&?~!$,;@()*+')}"
                                                               if parts.query else "")  # fmt: skip
    return Target(parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme], path)


def redirected(url: str, location: str) -> str:
    """Return where a redirect leads. Raises DownloadError."""
    try:
        return urljoin(url, location)
    except ValueError:
        raise DownloadError("it redirects to something that is no address") from None


def permitted(address: Ip, networks: Sequence[Net]) -> bool:
    """Whether a download may go there: a public address, or one of these networks; and so what is embedded in it."""
    if address.is_multicast or address.is_unspecified:
        return False
    if any(address.version == network.version and address in network for network in networks):
        return True
    if embedded := list(_embedded(address)):
        return all(permitted(inner, networks) for inner in embedded)
    return address.is_global and (address.version == 4 or address in _UNICAST)


def _embedded(address: Ip) -> Iterator[Ip]:
    """Yield the IPv4 addresses that an IPv6 address stands for: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv6Address):
        yield from filter(None, (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())))
        if address in _NAT64:
            yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


def literal(host: str) -> Ip | None:
    """Return the address that a host is, None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def resolve(host: str, port: int, networks: Sequence[Net] | None) -> list[tuple[str, int]]:
    """Return the addresses of a host that may be connected to, as literals. `networks`: None: all may.

    Raises DownloadError. What is returned is what is to be connected to: nobody asks for the name again.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DownloadError(f"the name {host[:253]} is not known: {getattr(error, 'strerror', '') or error}") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    good = [text for text in addresses if networks is None or permitted(ipaddress.ip_address(text), networks)]
    if not good:
        raise DownloadError(refusal(host, addresses))
    return [(text, port) for text in good[:MOST_ADDRESSES]]


def refusal(host: str, addresses: Sequence[str]) -> str:
    """Say why nothing is fetched from a host."""
    where = "" if host in addresses else f" ({', '.join(addresses[:MOST_ADDRESSES])})"
    return f"{host[:253]}{where} is not a public address, and private_networks does not have it"
