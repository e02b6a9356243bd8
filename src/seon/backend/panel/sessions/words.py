"""The words of sessions, for people: phases, directions, who ended one, and what its values mean."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from seon.backend.journal.models import FileState, Result, Session

DIRECTIONS = {"incoming": _("the partner called"), "outgoing": _("the company called")}
HOSTS = {"dmz": _("server (DMZ)"), "inside": _("client (inside)")}
PHASES = {
    "starting": _("connections are made"),
    "negotiating": _("start of session"),
    "idle": _("waits for the next command"),
    "sending": _("sends a file to the partner"),
    "receiving": _("receives a file of the partner"),
    "receipt": _("a receipt is on its way"),
    "ending": _("is ending"),
}
RESULT_TONES = {
    Result.RUNNING: "s-info",
    Result.NORMAL: "s-good",
    Result.REFUSED: "s-bad",
    Result.STOPPED: "s-warn",
    Result.NOT_STARTED: "s-bad",
    Result.BROKEN: "s-warn",
}
FILE_TONES = {
    FileState.UNDER_WAY: "s-info",
    FileState.TRANSFERRED: "s-info",
    FileState.DELIVERED: "s-good",
    FileState.NOT_DELIVERED: "s-bad",
    FileState.REFUSED: "s-bad",
    FileState.DECLINED: "s-bad",
    FileState.BROKEN_OFF: "s-warn",
}
_ENDED_BY = {
    "partner": _("the partner"),
    "station": _("the station inside"),
    "server verifier": _("the verifier of the server in the DMZ"),
    "client verifier": _("the verifier of the client inside"),
    "idle": _("the proxy, since nothing moved any more"),
    "administrator": _("an administrator"),
    "link": _("the link between server and client"),
    "crash": _("a program of the proxy that ended abnormally"),
}
SIDES = {"INITIATOR": _("the Initiator"), "RESPONDER": _("the Responder")}


class Fact(NamedTuple):
    """A value with its name and what it means."""

    name: Any
    value: Any
    meaning: Any


def ended_by(session: Session) -> Any:
    """Return who ended a session; what this build does not know, as it was said."""
    return _ENDED_BY.get(session.ended_by, session.ended_by)


def agreed(session: Session) -> list[Fact]:
    """Return what both sides have agreed on (SSID), each with its meaning; nothing where they have not come so far."""
    if not session.level:
        return []
    return [
        Fact(_("Level"), session.level, _LEVELS.get(session.level, "")),
        Fact(_("Initiator"), session.initiator, _("Identification code of the side that called (SSIDCODE)")),
        Fact(_("Responder"), session.responder, _("Identification code of the side that was called (SSIDCODE)")),
        Fact(_("Exchange buffer"), session.buffer_size, _("Octets of one buffer at most (SSIDSDEB)")),
        Fact(_("Credit"), session.credit, _("Data buffers that are sent before the other side gives credit again")),
        Fact(_("Compression"), _yes(session.compression), _("Whether buffers may be compressed (SSIDCMPR)")),
        Fact(_("Restart"), _yes(session.restart), _("Whether a file goes on where it was broken off (SSIDREST)")),
        Fact(_("Special logic"), _yes(yes=False), _("It has no place on TCP/IP (SSIDSPEC)")),
        Fact(
            _("Secure authentication"),
            _yes(session.authentication),
            _("Whether each side had to prove by its key who it is (SSIDAUTH)"),
        ),
    ]


_LEVELS = {
    1: _("ODETTE-FTP 1.2"),
    2: _("ODETTE-FTP 1.3"),
    4: _("ODETTE-FTP 1.4"),
    5: _("OFTP2: encrypted, signed and compressed files, signed receipts"),
}


def _yes(yes: bool) -> Any:
    return _("yes") if yes else _("no")
