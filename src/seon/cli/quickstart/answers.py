"""What a called station answered when a transfer failed, and how it must be set: in one line, without a password.

Two witnesses are heard. The calling station's events (`seon station send --json`) tell how the session went; the log of
server and client tells what only the proxy saw: that nobody could be reached, or what was no OFTP2.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seon.events import shown
from seon.oftp2.reasons import AnswerReason, EndReason, reason_words

_LINE = r"(?m)^\S+ \S+ \w+ +\d+ "
"""How a line of the log begins: what a station said stands in lines, too, and must not be taken for one."""
_NOT_BEGUN = re.compile(_LINE + r"SES-FAILED (?:\[\S+\] )?Session with partner \S+, \w+, not started: (.*)")
_REFUSED = re.compile(
    _LINE
    + r"SES-REFUSED \[\S+\] OFTP2 refused, \w+, from \S+ to \S+: rule (\S+), key \S+, "
    + r"the (\w+)'s stream buffer \d+, offset \d+: (.*); partner"
)
_AGREED = re.compile(_LINE + r"SES-AGREED \[\S+\] Initiator .* and Responder (.*) agreed on level")
_MUTE = re.compile(_LINE + r"SES-END (?:\[\S+\] )?Session with partner \S+ ended by (?!crash)\w+: .*; [\d.]+ s$")
"""Without octets, which would stand behind the seconds. Of a session process that has died nobody knows them."""
_NOT_DELIVERED = re.compile(
    _LINE + r"FIL-RECEIPT \[\S+\] Receipt NERP for file (\S+) .*: not delivered: (.*); (?:not )?signed"
)
_NO_OFTP2 = ("STH-", "CMD-")
"""Rules that octets of another protocol break."""
_STATION = "receive daemon: "
_NO_PORT = "must be its port for OFTP2 without TLS"
_ITS_LOG, _OUR_OUTPUT = "its own log says more", "the output of server and client says more"

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Called:
    """The station that was called, and what it had to know."""

    who: str
    """In words: `the receive daemon`."""
    address: str
    """Where it is, HOST:PORT."""
    code: str
    """The code that it must show."""
    password: Path
    """The file with the password that it must show."""
    caller: str
    """The code under which it was called."""
    caller_password: Path
    """The file with the caller's password."""
    output: Path | None = None
    """What it has printed, if it is one of the quick start's own; then nobody has to set it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the witnesses say. `events`: of the calling station; `log`: of the proxy, in the time of the transfer."""

    events: Sequence[Event]
    log: str
    silence: float
    """Seconds after which the calling station gave up."""

    def first(self, *names: str) -> Event | None:
        """Return the first event of these names."""
        return next((event for event in self.events if event.get("event") in names), None)

    @property
    def agreed(self) -> bool:
        """Whether both stations had taken the other's SSID."""
        return self.first("session-started") is not None


def failure(called: Called, told: Told) -> str:
    """Return what the called station answered, and how it must be set. Whatever it said is escaped and capped."""
    for witness in (_not_begun, _not_allowed, _file_refused, _ended, _not_delivered):
        found = witness(called, told)
        if found:
            answer, setting = found
            break
    else:
        broken = told.first("session-failed")
        answer, setting = "ended the session before it had taken all files", _ITS_LOG
        if broken:
            answer, setting = f"was not called, the proxy did not answer ({shown(broken['text'])})", _OUR_OUTPUT
    if called.output:
        setting = f"see {called.output}"
    return f"{called.who} at {called.address} {answer}: {setting}"


Found = tuple[str, str] | None
"""What the station answered, as the rest of a sentence that begins with it; and how it must be set."""


def _not_begun(_called: Called, told: Told) -> Found:
    match = _NOT_BEGUN.search(told.log)
    if not match:
        return None
    reason = match[1]
    if reason.startswith(_STATION):
        words = reason.removeprefix(_STATION)
        return f"was not reached ({words})", "start it, or name its address with --receive-daemon"
    return f"was not called ({reason})", _OUR_OUTPUT


def _not_allowed(called: Called, told: Told) -> Found:
    match = _REFUSED.search(told.log)
    if not match:
        return None
    rule, side, text = match.groups()
    why = f"(rule {rule}: {text})"
    if side == "Initiator":
        return f"did not get what the proxy refused to pass on {why}", "docs/rules.md tells of the rule"
    if rule.startswith(_NO_OFTP2) and not _AGREED.search(told.log):
        return f"answered with what is no OFTP2 {why}", f"{called.address} {_NO_PORT}"
    return f"said what the proxy refused to pass on {why}", "docs/rules.md tells of the rule"


def _file_refused(called: Called, told: Told) -> Found:
    event = told.first("file-rejected")
    if event is None:
        return None
    started = any(each.get("event") == "file-started" and each["name"] == event["name"] for each in told.events)
    words = _words(AnswerReason, event)
    setting = _FILE_SETTINGS.get(event["reason"], _ITS_LOG).format(called=called)
    return f"refused the file {shown(event['name'])} with {'EFNA' if started else 'SFNA'} {words}", setting


_FILE_SETTINGS = {
    AnswerReason.INVALID_DESTINATION: "it must take files for {called.code}",
    AnswerReason.INVALID_ORIGIN: "it must take files from {called.caller}",
    AnswerReason.DIRECTION_REFUSED: "it must take files from {called.caller}",
    AnswerReason.FILE_TOO_BIG: "it must take files of 64 MB",
    AnswerReason.UNENCRYPTED_NOT_ALLOWED: "it must take files from {called.caller} without encryption",
    AnswerReason.UNSIGNED_NOT_ALLOWED: "it must take files from {called.caller} without signature",
}


def _ended(called: Called, told: Told) -> Found:
    event = told.first("session-ended")
    if event is None or event["orderly"]:
        return None
    reason = event["reason"]
    if reason is None:
        return _fell_off(called, told)
    if event["by_us"]:
        return _refused_by_caller(called, told, reason, shown(event["text"]))
    return f"answered ESID {_words(EndReason, event)}", _ESID_SETTINGS.get(reason, _ITS_LOG).format(called=called)


_ESID_SETTINGS = {
    EndReason.UNKNOWN_CODE: "enter the partner {called.caller} there, with its password (see {called.caller_password}) "
    "and {called.code} as its own code, or give the codes it has with --partner-code and --our-code",
    EndReason.INVALID_PASSWORD: "give the partner {called.caller} the password in {called.caller_password} there, or "
    "name the one it has with --partner-password",
    EndReason.INCOMPATIBLE: "let the partner {called.caller} send files there, without secure authentication and "
    "special logic",
    EndReason.AUTHENTICATION_INCOMPATIBLE: "switch secure authentication off there for the partner {called.caller}",
}


def _fell_off(called: Called, told: Told) -> Found:
    if told.agreed:
        return "closed the connection in the middle of the session, without ESID", _ITS_LOG
    if _MUTE.search(told.log):
        return "closed the connection without a word", f"{called.address} {_NO_PORT}; {_ITS_LOG}"
    setting = _ESID_SETTINGS[EndReason.UNKNOWN_CODE].format(called=called)
    return "closed the connection when it was told code and password, without ESID", setting


def _refused_by_caller(called: Called, told: Told, reason: int, text: str) -> Found:
    """The calling station did not take what it was answered."""
    shows = _AGREED.search(told.log)
    if reason == EndReason.UNKNOWN_CODE and shows:
        return f"answered as {shows[1]}", f"its own code must be {called.code}, or give the one it has with --our-code"
    if reason == EndReason.INVALID_PASSWORD:
        setting = f"its own password must be the one in {called.password}, or give the one it has with --our-password"
        return "answered with another password of its own", setting
    if reason != EndReason.TIME_OUT:
        return f"answered what the caller did not take ({text})", _ITS_LOG
    if shows:
        return f"said nothing more for {told.silence:g} s", _ITS_LOG
    return f"took the connection and said nothing for {told.silence:g} s", f"{called.address} {_NO_PORT}"


def _not_delivered(_called: Called, told: Told) -> Found:
    match = _NOT_DELIVERED.search(told.log)
    return (f"sent a negative receipt for the file {match[1]} (NERP {match[2]})", _ITS_LOG) if match else None


def _words(reasons: type[AnswerReason | EndReason], event: Event) -> str:
    """Return a code with its meaning, and what the station said besides in quotation marks."""
    said = f' ("{shown(event["text"])}")' if event["text"] else ""
    return reason_words(reasons, event["reason"]) + said
