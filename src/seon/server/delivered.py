"""A delivery to the server as a configuration: what has crossed the client as it came from Seonapi, read in steps."""

from collections.abc import Generator
from typing import Annotated

import msgspec
from msgspec import Meta

from seon.build import this_build
from seon.config import FORMAT, OLDEST_FORMAT, ServerConfiguration, ServerPartner, ServerSettings
from seon.decoding import MalformedError, decode
from seon.link.messages import Delivery
from seon.link.versions import Side, VersionError, agreed

MAX_PARTNERS = 10_000
"""As `ServerConfiguration` has it."""


class NotUsable(Exception):  # noqa: N818  # it is about a configuration, not about us
    """A configuration cannot be put in force; the one before stays."""


class _Unread(ServerConfiguration, frozen=True):
    """The same with its partners still in JSON: all at once they take longer than a main may pause."""

    partners: Annotated[tuple[msgspec.Raw, ...], Meta(max_length=MAX_PARTNERS)] = ()  # type: ignore[assignment]


_decoder = msgspec.json.Decoder(_Unread)
_partner_decoder = msgspec.json.Decoder(ServerPartner)
_settings_decoder = msgspec.json.Decoder(ServerSettings)


def reading(delivery: Delivery) -> Generator[None, None, ServerConfiguration]:
    """Read the servers' part and this server's own, step by step. Raises NotUsable."""
    ours = Side("this server", this_build().short, OLDEST_FORMAT, FORMAT)
    try:
        agreed("configuration format", ours, Side("Seonapi", "", delivery.format, delivery.format))
        own = decode(_settings_decoder, bytes(delivery.settings))
        unread = decode(_decoder, bytes(delivery.configuration))
        yield
        partners: list[ServerPartner] = []
        for number, partner in enumerate(unread.partners, 1):
            partners.append(_partner(number, bytes(partner)))
            yield
    except (VersionError, MalformedError) as error:
        raise NotUsable(str(error)) from error
    fields = {**msgspec.structs.asdict(unread), "partners": tuple(partners)}
    return ServerConfiguration(**fields).with_settings(own)


def _partner(number: int, octets: bytes) -> ServerPartner:
    try:
        return decode(_partner_decoder, octets)
    except MalformedError as error:
        raise MalformedError(f"partner {number}: {error}") from error
