"""Where a call comes from: its peer, or behind a configured reverse proxy the address that this one forwards.

SECURITY: everybody can write a header. It counts only from a peer that is a configured reverse proxy, and in it the
rightmost address that is none: what stands left of that was written by somebody whom nobody vouches for.
"""

import ipaddress
from collections.abc import Sequence
from typing import NamedTuple

from django.http import HttpRequest

from seon.addresses import Address, AddressError, Network, identifying, split_host_port
from seon.backend.configuration.lines import entries_of
from seon.backend.configuration.models import Settings

FORWARDED = "X-Forwarded-For"
MOST_HOPS = 20
"""Addresses in the header that are looked at, from the right."""


class Source(NamedTuple):
    """Who calls, in the one form of its address (mission A8)."""

    address: str
    proxy: str = ""
    """The reverse proxy that has forwarded the call, "" if there was none that counts."""

    def __str__(self) -> str:
        return f"{self.address}, forwarded by {self.proxy}" if self.proxy else self.address


def source_of(request: HttpRequest) -> Source:
    """Return where a call comes from."""
    return source_behind(str(request.META["REMOTE_ADDR"]), request.headers.get(FORWARDED, ""))


def source_behind(connected: str, header: str) -> Source:
    """Return where a call comes from, by the address that is connected and its header, "" if there is none.

    Without a header the database is not asked. Raises AddressError for what is connected without an address.
    """
    peer = identifying(connected)
    if not header:
        return Source(str(peer))
    proxies = _reverse_proxies()
    if not _is_in(peer, proxies):
        return Source(str(peer))
    return Source(str(_forwarded(header, proxies) or peer), str(peer))


def _forwarded(header: str, proxies: Sequence[Network]) -> Address | None:
    """Return the rightmost address that is no proxy; if all are, the leftmost; None if an address cannot be read."""
    address = None
    for hop in reversed(header.rsplit(",", MOST_HOPS)[-MOST_HOPS:]):
        try:
            address = identifying(split_host_port(hop, 0)[0])
        except AddressError:
            return None
        if not _is_in(address, proxies):
            break
    return address


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _reverse_proxies() -> list[Network]:
    stored = Settings.objects.filter(pk=1).values_list("reverse_proxies", flat=True).first() or ""
    return [ipaddress.ip_network(entry) for entry in entries_of(stored)]
