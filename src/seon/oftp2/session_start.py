"""How two stations agree (RFC 5024 sections 4.2 and 5.3.2): what each is, what is answered, what holds then."""

import hmac
from dataclasses import dataclass, field

from seon.oftp2.commands import StartSession
from seon.oftp2.errors import LocalError, PeerError
from seon.oftp2.reasons import EndReason

_COMPLEMENT = {"S": "R", "R": "S", "B": "B"}


class DisagreementError(PeerError):
    """The session cannot start. Its text never tells which of code and password was expected."""

    def __init__(self, reason: EndReason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Profile:
    """What a station is and can do. Raises LocalError for what cannot be announced."""

    code: str
    """Identification code, at most 25 characters of the X set."""
    password: str = field(repr=False)
    level: int = 5
    """The highest level it speaks: 1, 2, 4 or 5."""
    buffer_size: int = 65_535
    """The largest DATA exchange buffer it takes: octets, 128 to 99999, command octet included."""
    credit: int = 20
    """DATA buffers between two credits, 1 to 999."""
    direction: str = "B"
    """S, R or B: sends files, receives files, both."""
    compression: bool = True
    restart: bool = True
    authentication: bool = False
    """Secure authentication: of both sides or of none (RFC 5024 4.2.3), and from level 5 on only."""
    user: str = ""
    peer_codes: frozenset[str] = frozenset()
    """Codes that the other side may show; none = any."""
    peer_password: str | None = field(default=None, repr=False)
    """The password that the other side must show; None = any."""

    def __post_init__(self) -> None:
        if self.level not in {1, 2, 4, 5}:
            raise LocalError(f"level {self.level} does not exist: 1, 2, 4 or 5")
        if not 128 <= self.buffer_size <= 99_999 or not 1 <= self.credit <= 999 or self.direction not in _COMPLEMENT:
            raise LocalError("buffer size is 128 to 99999, credit 1 to 999, direction S, R or B")
        if self.authentication and self.level < 5:
            raise LocalError(f"secure authentication needs level 5, this station has {self.level}")

    def offer(self) -> StartSession:
        """Return the SSID with which this station calls."""
        return StartSession(
            level=self.level,
            code=self.code,
            password=self.password,
            buffer_size=self.buffer_size,
            direction=self.direction,
            compression=self.compression,
            restart=self.restart,
            special_logic=False,
            credit=self.credit,
            authentication=self.authentication,
            user=self.user,
        )

    def answer(self, offer: StartSession) -> StartSession:
        """Return the SSID that answers `offer`: nothing in it is more than was offered.

        But for secure authentication: that is not negotiable (RFC 5024 5.3.2), and `agree` finds where it differs.
        """
        return StartSession(
            level=min(self.level, offer.level),
            code=self.code,
            password=self.password,
            buffer_size=min(self.buffer_size, offer.buffer_size),
            direction=_COMPLEMENT[offer.direction] if self.direction == "B" else self.direction,
            compression=self.compression and offer.compression,
            restart=self.restart and offer.restart,
            special_logic=False,
            credit=min(self.credit, offer.credit),
            authentication=self.authentication,
            user=self.user,
        )

    def admit(self, peer: StartSession) -> None:
        """Raise DisagreementError unless `peer` is who it must be."""
        if self.peer_codes and peer.code not in self.peer_codes:
            raise DisagreementError(EndReason.UNKNOWN_CODE, "identification code not known")
        expected = self.peer_password
        if expected is not None and not hmac.compare_digest(peer.password.encode(), expected.encode()):
            raise DisagreementError(EndReason.INVALID_PASSWORD, "password wrong")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What holds in a session, seen by one station."""

    level: int
    buffer_size: int
    credit: int
    compression: bool
    restart: bool
    may_send: bool
    may_receive: bool
    authentication: bool = False


def agree(own: StartSession, peer: StartSession, *, credit: int) -> Agreement:
    """Return what two SSIDs come to; `credit` is the Responder's. Raises DisagreementError where they do not fit."""
    level = min(own.level, peer.level)
    if peer.authentication != own.authentication:
        # Below level 5 nobody can authenticate, and ESID has no reason 12.
        reason = EndReason.AUTHENTICATION_INCOMPATIBLE if level >= 5 else EndReason.INCOMPATIBLE
        raise DisagreementError(reason, "secure authentication is demanded by one side only")
    if peer.special_logic:
        raise DisagreementError(EndReason.INCOMPATIBLE, "special logic is not supported on TCP")
    may_send = own.direction in "SB" and peer.direction in "RB"
    may_receive = own.direction in "RB" and peer.direction in "SB"
    if not (may_send or may_receive):
        raise DisagreementError(EndReason.INCOMPATIBLE, "neither side could send to the other")
    if credit > own.credit:
        raise DisagreementError(EndReason.INCOMPATIBLE, "the answered credit is above the offer")
    return Agreement(
        level=level,
        buffer_size=min(own.buffer_size, peer.buffer_size),
        credit=credit,
        compression=own.compression and peer.compression,
        restart=own.restart and peer.restart,
        may_send=may_send,
        may_receive=may_receive,
        authentication=own.authentication,
    )
