"""Whether a certificate has the name of a host: for partners that are dialled and of which nothing better is known."""

from collections.abc import Iterable

from seon.addresses import literal

LEAST_LABELS = 3
"""Of a name with a wildcard: `*.example` would be half the world."""


def is_named(host: str, names: Iterable[str]) -> bool:
    """Whether one of a certificate's DNS names is this host's (RFC 6125, 6.4).

    A wildcard stands for exactly the first label. A literal address has no name, and neither has what is no host name.
    """
    wanted = _ascii(host)
    if not wanted or literal(host):
        return False
    first, _, rest = wanted.partition(".")
    for name in map(_lower, names):
        if name == wanted or (first and rest and name == f"*.{rest}" and name.count(".") >= LEAST_LABELS - 1):
            return True
    return False


def _ascii(host: str) -> str:
    try:
        return _lower(host.encode("idna").decode())
    except UnicodeError:
        return ""


def _lower(name: str) -> str:
    return name.lower().removesuffix(".")
