"""What is said of the newest configuration: on which hosts it is in force, which are on their way, which are silent."""

import hashlib
from dataclasses import dataclass

from seon.backend.configuration.versioned import read_version
from seon.backend.live import lists
from seon.backend.live.lists import HostInForce
from seon.backend.proxies.models import ProxyServer


@dataclass(frozen=True, slots=True)
class Named:
    """A host by the name that an administrator gave it."""

    name: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class InForce:
    """Where the newest configuration is in force."""

    version: int
    there: tuple[Named, ...]
    """Hosts that have it."""
    coming: tuple[Named, ...]
    """Hosts that will have it in a moment."""
    silent: tuple[Named, ...]
    """Hosts of which nobody knows, with the reason."""

    @property
    def state(self) -> str:
        """The whole in a word."""
        if self.coming:
            return "coming"
        if self.silent:
            return "silent"
        return "there" if self.there else "nobody"

    @property
    def mark(self) -> str:
        """A short text that differs whenever something else is to be said."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


ON_ITS_WAY = "on its way"
"""The reason of a host that is heard of and has not taken it yet (`live.lists`)."""


def in_force_now() -> InForce:
    """Return where the newest configuration is in force."""
    version, hosts = read_version(), lists.in_force()
    names = dict(ProxyServer.objects.exclude(name="").values_list("proxy_id", "name"))
    found: dict[str, list[Named]] = {"there": [], "coming": [], "silent": []}
    for host in hosts:
        found[_where(host)].append(_named(host, names))
    return InForce(version, *(tuple(dict.fromkeys(found[name])) for name in ("there", "coming", "silent")))


def _where(host: HostInForce) -> str:
    if host.is_newest:
        return "there"
    return "coming" if host.reason == ON_ITS_WAY else "silent"


def _named(host: HostInForce, names: dict[str, str]) -> Named:
    short = f"{host.name[:16]}…" if host.name.endswith("px") else host.name
    return Named(names.get(host.name, short), host.kind, "" if host.reason == ON_ITS_WAY else host.reason)
