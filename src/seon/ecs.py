"""A line of the log as a document of the Elastic Common Schema (ECS 8), which log collectors and detection rules know.

What the schema has a field for stands there; all else stands below `seon`. Each name below `seon` has one type of
value, whatever the kind of the event: a search engine refuses a document whose field has another type than before.
Strangers choose part of the values: `line` makes one line of plain ASCII of whatever they hold.
"""

import datetime as dt
import ipaddress
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from seon.events import CATALOGUE, Event, Severity, Value, severity_of

VERSION = "8.11.0"
"""The version of the schema; every name used here is in all of 8."""
DATASET, MODULE = "seon.smartproxy", "seon"
MAX_TEXT = 2_000
"""Characters of a text that is no event's."""
Document = dict[str, Any]

_BY_GROUP: dict[str, tuple[list[str], list[str]]] = {
    "server": (["process"], ["info"]),
    "client": (["process"], ["info"]),
    "link": (["network"], ["connection", "info"]),
    "configuration": (["configuration"], ["info"]),
    "refused": (["network", "intrusion_detection"], ["connection", "denied"]),
    "session": (["session"], ["info"]),
    "file": (["file"], ["info"]),
    "license": (["configuration"], ["info"]),
    "audit": (["configuration"], ["change"]),
    "seonapi": (["process"], ["info"]),
}
"""Category and type of an event."""
_TYPES = {
    "SRV-START": ["start"], "SRV-END": ["end"], "CLI-START": ["start"], "CLI-END": ["end"],
    "LNK-UP": ["connection", "start"], "LNK-DOWN": ["connection", "end"],
    "SES-START": ["start"], "SES-FAILED": ["start"], "SES-END": ["end"],
    "CFG-NEW": ["change"], "FIL-END": ["access"], "AUD-LICENSE": ["creation"],
}  # fmt: skip
"""Types of kinds that say more than their group does."""
_AUTHENTICATION = dict.fromkeys(("AUD-TOKEN", "AUD-TOKENS"), (["authentication"], ["start"]))
_SUCCESS = {
    "SRV-START", "SRV-OPEN", "LNK-UP", "CLI-START", "CLI-LINKED", "CLI-LISTEN", "CLI-API", "CFG-NEW", "SES-START",
}  # fmt: skip
_GOOD_RESULTS = ("accepted", "delivered")
"""How the result of a file or receipt begins that has reached its end."""
_LASTED = {"SES-END", "FIL-END"}
"""Kinds whose seconds are how long it took; elsewhere they are a pause."""
_DIRECTIONS = {"incoming": "inbound", "outgoing": "outbound"}
_TLS = re.compile(r"TLSv([0-9.]+) (\S+)")
_NAME = re.compile("[^a-z0-9_]")
_SILENT = ("", "-")


def document(
    event: Event | None, *, time: float, level: str, category: str, pid: int, program: str, text: str
) -> Document:
    """Return a line of the log as a document; `event` is None for a line that is no event.

    `time` is Unix time, `text` what a person reads.
    """
    at = dt.datetime.fromtimestamp(time, dt.UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    made: Document = {
        "@timestamp": f"{at}Z",
        "log": {"level": level.lower(), "logger": category},
        "message": text if event else text[:MAX_TEXT],
        "ecs": {"version": VERSION},
        "event": {"kind": "event", "module": MODULE, "dataset": DATASET},
        "process": {"pid": pid, "name": program},
    }
    if event:
        _tell(made, event)
    return made


def line(made: Mapping[str, Any]) -> str:
    """Return a document as one line of printable ASCII, without its end."""
    return json.dumps(made, separators=(",", ":"), allow_nan=False).replace("\x7f", "\\u007f")  # DEL is ASCII, too


def _tell(made: Document, event: Event) -> None:
    """Add what an event says."""
    left: dict[str, Value] = {name: _sound(value) for name, value in event.fields.items() if value not in _SILENT}
    kind = CATALOGUE.get(event.code)
    made["event"] |= _about(event, left)
    if kind and kind.group in ("refused", "session", "link", "audit"):
        _add_ends(made, event.code, left)
    _add_certificate(made, event.code, left)
    _add_file(made, event.code, left)
    _add_rest(made, event, left)


def _about(event: Event, left: dict[str, Value]) -> Document:
    """Return what is said of every event; it takes out of `left` what it says."""
    kind = CATALOGUE.get(event.code)
    categories, types = _BY_GROUP[kind.group] if kind else (["process"], ["info"])
    categories, types = _AUTHENTICATION.get(event.code, (categories, _TYPES.get(event.code, types)))
    about: Document = {
        "id": event.id,
        "code": event.code,
        "severity": int(severity_of(event.code)),
        "category": categories,
        "type": types,
    }
    if outcome := _outcome(event):
        about["outcome"] = outcome
    if reason := next((name for name in ("reason", "limit", "text", "result") if name in left), ""):
        about["reason"] = str(left.pop(reason))
    if event.code in _LASTED and isinstance(seconds := left.get("seconds"), int | float):
        about["duration"] = round(seconds * 1e9)  # in nanoseconds
        del left["seconds"]
    return about


def _outcome(event: Event) -> str:
    kind, result = CATALOGUE.get(event.code), event.fields.get("result")
    if result is not None:
        return "success" if str(result).startswith(_GOOD_RESULTS) else "failure"
    if event.code in _SUCCESS:
        return "success"
    refused = (kind and kind.group == "refused") or event.code in _AUTHENTICATION
    return "failure" if refused or severity_of(event.code) >= Severity.ERROR else ""


# --- parts ------------------------------------------------------------------------------------------------------------


def _add_ends(made: Document, code: str, left: dict[str, Value]) -> None:
    """Add who called whom, where that is an address or a host's name with a port; other words stay as they are."""
    for name, where in (("source", "source"), ("target", "destination")):
        if end := _end(str(left.get(name, ""))):
            made[where] = end
            del left[name]
    if "source" not in made and "destination" not in made:
        return
    made["network"] = {"transport": "tcp"}
    way = left.pop("direction", "outgoing" if code == "ADM-DIAL" else "incoming")
    if direction := _DIRECTIONS.get(str(way)):
        made["network"]["direction"] = direction


def _end(text: str) -> Document:
    """Return the fields of `address:port`, of an address, or of `name:port`; nothing for other words."""
    host, colon, port = text.rpartition(":")
    if not colon or (text.count(":") > 1 and not host.startswith("[")):
        host, port = text, ""
    host = host.removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not (port.isascii() and port.isdigit()) or not re.fullmatch(r"[\w.-]{1,255}", host, re.ASCII):
            return {}
        end: Document = {"address": host, "domain": host}
    else:
        end = {"address": str(address), "ip": str(address)}
    if port.isascii() and port.isdigit() and len(port) <= 5:
        end["port"] = int(port)
    return end


def _add_certificate(made: Document, code: str, left: dict[str, Value]) -> None:
    """Add the certificate of the peer: the TLS server's where we have dialled it, else the TLS client's."""
    shown: Document = {}
    x509: Document = {}
    for name in ("subject", "issuer"):
        if name in left:
            shown[name] = str(left.pop(name))
            x509[name] = {"distinguished_name": shown[name]}
    if "serial" in left:
        x509["serial_number"] = str(left.pop("serial")).upper()
    if "fingerprint" in left:
        shown["hash"] = {"sha256": str(left.pop("fingerprint")).upper()}
    if x509:
        shown["x509"] = x509
    if shown:
        made["tls"] = {"server" if code == "ADM-DIAL" else "client": shown}
    elif match := _TLS.fullmatch(str(left.get("tls", ""))):
        made["tls"] = {"version": match[1], "version_protocol": "tls", "cipher": match[2], "established": True}
        del left["tls"]


def _add_file(made: Document, code: str, left: dict[str, Value]) -> None:
    """Add the file of a transfer, or the file that a trace is written to."""
    made_of: Document = {}
    if code.startswith("FIL-") and "name" in left:
        made_of["name"] = str(left.pop("name"))
        if isinstance(octets := left.get("octets"), int):
            made_of["size"] = octets
        if direction := _DIRECTIONS.get(str(left.get("direction"))):
            made["network"] = {"direction": direction}
            del left["direction"]
    elif code in ("SES-TRACE", "SES-TRACED") and "file" in left:
        made_of["path"] = str(left.pop("file"))
    if made_of:
        made["file"] = made_of


def _add_rest(made: Document, event: Event, left: dict[str, Value]) -> None:
    """Add what the schema has a field for besides, and all else below `seon`."""
    if "key" in left and "rule" in left:
        made["rule"] = {"id": str(left.pop("key")), "category": str(left.pop("rule"))}
    if event.code in ("SRV-START", "CLI-START") and "version" in left:
        made["service"] = {"version": str(left.pop("version"))}
    if event.code == "SES-AGREED" and "restart" in left:
        left["restart_agreed"] = left.pop("restart")  # of files, `restart` is a number
    own: Document = {"hop": event.hop} | ({"session": event.session} if event.session else {})
    made["seon"] = own | {_NAME.sub("_", name): value for name, value in left.items() if name not in own}


def _sound(value: Value) -> Value:
    """Return a value that every reader of JSON takes."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
