"""The configuration as its readers can read it: each part in the newest format that Seonapi and its reader know.

A step says a format in the one before. What the older format has no words for is not left out: the configuration is
refused as a whole, since the reader would do something else than the administrator has set.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from seon.build import this_build
from seon.config import FORMAT, ClientConfiguration, ServerConfiguration, ServerSettings
from seon.link.standing import Standing
from seon.link.versions import Side, VersionError, agreed

Tree = dict[str, Any]
"""A part of the configuration as msgspec.to_builtins makes it."""


Part = ServerConfiguration | ClientConfiguration | ServerSettings


class UnsayableError(Exception):
    """An older format has no words for a setting; the text names it, and the partner if it is one's."""


class Step(NamedTuple):
    """How the parts of a format are said in the format before; each may raise UnsayableError."""

    client: Callable[[Tree], Tree]
    server: Callable[[Tree], Tree]
    settings: Callable[[Tree], Tree]
    """For what one server has for itself."""


class Formats(NamedTuple):
    """The newest formats that the readers of both parts know."""

    client: int = FORMAT
    server: int = FORMAT


NEWEST = Formats()
STEPS: dict[int, Step] = {}
"""By the number of the newer format, without a gap up to FORMAT."""
_WHAT = "configuration format"


def seonapi() -> Side:
    """Return this program, with the formats that it can serve."""
    return Side("Seonapi", this_build().short, min(STEPS, default=FORMAT + 1) - 1, FORMAT)


def fit(build: str, oldest: int, newest: int) -> None:
    """Raise VersionError unless the client that enrols can read some format that we serve."""
    agreed(_WHAT, seonapi(), Side("the client", build, oldest, newest))


def render(
    version: int,
    server: ServerConfiguration,
    client: ClientConfiguration,
    servers: Mapping[str, ServerSettings],
    standings: Mapping[str, Standing],
    formats: Formats,
) -> bytes:
    """Return a `ProxyConfiguration` as JSON.

    Raises VersionError when a reader is too old, or when a setting cannot be said in the newest format that it knows.
    """
    client_format, client_part = _said(version, "the client", client, formats.client)
    server_format, server_part = _said(version, "the server", server, formats.server)
    return msgspec.json.encode(
        {
            "version": version,
            "server": server_part,
            "client": client_part,
            "format": client_format,
            "server_format": server_format,
            "certificate_id": server.own_certificate.id if server.own_certificate else "",
            "blobs": tuple(dict.fromkeys(one.sha256 for one in server.crls)),
            "standings": standings,
            "servers": {
                proxy_id: _said(version, "the server", own, formats.server)[1] for proxy_id, own in servers.items()
            },
        }
    )


def _said(version: int, reader: str, part: Part, newest: int) -> tuple[int, Any]:
    """Return the format for a reader, and the part in it."""
    chosen = agreed(_WHAT, seonapi(), Side(reader, "", 0, newest))
    if chosen == FORMAT:
        return chosen, part
    tree = msgspec.to_builtins(part)
    for number in range(FORMAT, chosen, -1):
        step = STEPS[number]
        try:
            match part:
                case ClientConfiguration():
                    tree = step.client(tree)
                case ServerConfiguration():
                    tree = step.server(tree)
                case ServerSettings():
                    tree = step.settings(tree)
        except UnsayableError as error:
            raise VersionError(
                f"configuration {version} is not served: {error} cannot be said in {_WHAT} {number - 1}; Seonapi "
                f"({this_build().short}) knows {FORMAT}, {reader} knows up to {newest}: upgrade the host of {reader}, "
                "or take this setting back"
            ) from None
    return chosen, tree
