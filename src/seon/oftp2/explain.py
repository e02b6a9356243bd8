"""One exchange buffer field by field, for people: what stands where, what it means, and what is wrong with it.

It shows what can be shown even of a buffer that has no reading. Values stand in a row as the peer sent them: whoever
shows them escapes and caps them. Secrets are masked unless they are asked for.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from seon.oftp2.codec import decode
from seon.oftp2.data import COMPRESSED, COUNT, END_OF_RECORD
from seon.oftp2.errors import Flaw, InvalidBufferError
from seon.oftp2.fields import (
    Alnum,
    Code,
    Count,
    Date,
    Field,
    Layout,
    Number,
    Octets,
    Reserved,
    Terminator,
    Text,
    Time,
    text_of,
)
from seon.oftp2.layouts import DATA, ESID, FORMS, LEVELS, NO_SECRET_YET, esid_level, layout
from seon.oftp2.reasons import AnswerReason, EndReason, NegativeReason
from seon.oftp2.rules import RULES

MASK = "********"
MAX_SUBRECORDS = 32
"""Subrecords of a data buffer that get a row each; a buffer can hold 99998."""
MAX_CONTENT = 16
"""Octets of a subrecord that are shown."""

_SSID = ord("X")
_HIDDEN = "not shown: it may hold a secret"
_CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True)
class Row:
    """One field, or a part of the buffer that is none. Offset and length are octets of the exchange buffer."""

    offset: int
    length: int
    field: str
    """The RFC's name."""
    octets: str = ""
    """In hex; `MASK` for a secret."""
    value: str = ""
    remark: str = ""
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an exchange buffer holds."""

    name: str
    """The command's name in the RFC, such as SFID; empty for an unknown one."""
    title: str
    """The command in words, such as Start File."""
    level: int
    """The level that it was read by."""
    rows: tuple[Row, ...]
    flaws: tuple[Flaw, ...] = ()
    """What is wrong with the buffer as a whole."""
    readable: bool = True
    """Whether a receiver can make a command of it."""
    open_secret: bool = False
    """Whether what follows may belong to a secret of this command, which could not be read."""


def own_level(ssid: bytes) -> int:
    """Return the level by which an SSID is to be read: the one that it carries itself."""
    digit = ssid[1:2]
    return int(digit) if digit.isdigit() and int(digit) in LEVELS else 5 if digit > b"5" else 1


def explain(buffer: bytes, level: int, *, show_secrets: bool = False) -> Explanation:
    """Explain an exchange buffer by the layouts of `level`; it never raises.

    An SSID is read by its own level, and an ESID by the level that its length shows: one that refuses an SSID may have
    the layout of a higher one.
    """
    if not buffer:
        return Explanation("", "nothing", level, (), (_flaw("STH-MIN", 0),), readable=False)
    if buffer[0] == DATA:
        return _explain_data(buffer, level)
    if buffer[0] == _SSID:
        level = own_level(buffer)
    other_layout = buffer[0] == ESID and level < max(LEVELS) == esid_level(len(buffer))
    if other_layout:
        level = max(LEVELS)
    flaws, readable = _judged(buffer, level)
    if other_layout:
        flaws = (_flaw("CMD-LEN/esid-layout", 0), *flaws)
    form = FORMS.get(buffer[0])
    try:
        walk = layout(buffer[0], level)
    except InvalidBufferError:
        name, title = (form.name, _title(form.type)) if form else ("", "unknown command")
        rest = Row(1, len(buffer) - 1, "", buffer[1:].hex())
        rows = [Row(0, 1, f"{name}CMD", buffer[:1].hex(), _latin(buffer[:1])), *([rest] if rest.length else ())]
        shown = rows if show_secrets else _masked(rows, ())
        return Explanation(name, title, level, tuple(shown), flaws, readable)
    assert form is not None
    rows = [
        Row(0, 1, f"{form.name}CMD", buffer[:1].hex(), _latin(buffer[:1]), _title(form.type)),
        *_walk(walk, buffer),
    ]
    secret = any(one.secret for one in walk) and not show_secrets
    if secret:
        rows = _masked(rows, walk if readable else ())
    placed, others = _place(rows, flaws)
    return Explanation(form.name, _title(form.type), level, placed, others, readable, secret and not readable)


def _judged(buffer: bytes, level: int) -> tuple[tuple[Flaw, ...], bool]:
    """Return what the verifier's own reader says of a buffer, and whether it could read it."""
    try:
        return tuple(decode(buffer, level)[1]), True
    except InvalidBufferError as error:
        return (*error.before, error.flaw), False


def _walk(walk: Layout, buffer: bytes) -> Iterator[Row]:
    """Yield a row for each field as far as the buffer goes, and one for what is left."""
    at, count = 1, 0
    for one in walk:
        width = count if one.width is None else one.width
        raw = buffer[at : at + width]
        if at == len(buffer) and width:
            return
        yield _row(one, raw, at, width)
        at += len(raw)
        if isinstance(one, Count):
            known = _count(one, raw)
            if known is None:
                break
            count = known
    if at < len(buffer):
        yield Row(at, len(buffer) - at, "", buffer[at:].hex(), "", "no field has its place here")


def _row(one: Field, raw: bytes, at: int, width: int) -> Row:
    row = Row(at, len(raw), one.name, raw.hex(), _value(one, raw), _remark(one, raw))
    if len(raw) < width:
        return replace(row, remark=f"{_CUT_OFF}: {width} octets are due")
    try:
        flaws: list[Flaw] = []
        one.read(raw, at, flaws)
    except InvalidBufferError as error:
        flaws.append(error.flaw)
    return replace(row, flaws=tuple(flaws))


def _count(one: Count, raw: bytes) -> int | None:
    try:
        return int(one.read(raw, 0, []))
    except InvalidBufferError:
        return None


def _place(rows: list[Row], flaws: tuple[Flaw, ...]) -> tuple[tuple[Row, ...], tuple[Flaw, ...]]:
    """Give each flaw to the row of its field, unless it stands there already; return the rows and the other flaws."""
    names = {row.field for row in rows if row.field}
    placed = []
    for row in rows:
        known = {flaw.rule for flaw in row.flaws}
        more = [flaw for flaw in flaws if flaw.field == row.field and flaw.rule not in known] if row.field else []
        placed.append(replace(row, flaws=(*row.flaws, *more)))
    return tuple(placed), tuple(flaw for flaw in flaws if flaw.field not in names)


def _masked(rows: list[Row], walk: Layout) -> list[Row]:
    """Return the rows without secrets: in clear are the fields of `walk` that are none.

    Where no layout fits, or a field does not hold what belongs there, any octet behind level or length may be part of a
    secret.
    """
    clear = {one.name for one in walk if not one.secret}
    why = "secret" if walk else _HIDDEN
    return [row if row.offset + row.length <= NO_SECRET_YET or row.field in clear else _mask(row, why) for row in rows]


def _mask(row: Row, why: str) -> Row:
    """Mask a row. Of its remark only one about its length stays: others tell what the octets say."""
    if not row.field:
        return replace(row, octets=MASK, value="", remark=f"{row.length} octets, {_HIDDEN}")
    return replace(row, octets=MASK, value=MASK, remark=row.remark if row.remark.startswith(_CUT_OFF) else why)


# --- data buffers ---------------------------------------------------------------------------------------------------


def _explain_data(buffer: bytes, level: int) -> Explanation:
    """Explain subrecords (RFC 5024 7.2): the first ones a row each, the others together."""
    rows = [Row(0, 1, "DATACMD", buffer[:1].hex(), _latin(buffer[:1]), "Data")]
    seen = _Subrecords()
    at = 1
    while at < len(buffer):
        row = _subrecord(buffer, at)
        seen.add(buffer[at], row)
        if seen.number <= MAX_SUBRECORDS or row.flaws:
            rows.append(row)
        at += row.length
    if seen.number > MAX_SUBRECORDS:
        rows.append(Row(seen.shown_to, len(buffer) - seen.shown_to, "", "", "", f"{seen.number} subrecords in all"))
    whole = f"{seen.number} subrecords, {seen.octets} octets of content; records ended: {seen.records}"
    rows.append(Row(1, len(buffer) - 1, "DATABUF", "", "", whole))
    empty = (_flaw("DAT-EMPTY", 0, "DATABUF"),) if len(buffer) == 1 else ()
    readable = not any(flaw.rule == "DAT-TRUNC" for row in rows for flaw in row.flaws)
    return Explanation("DATA", "Data", level, tuple(rows), empty, readable)


@dataclass(slots=True)
class _Subrecords:
    number: int = 0
    octets: int = 0
    records: int = 0
    shown_to: int = 1
    """Where the last subrecord ends that has a row."""

    def add(self, header: int, row: Row) -> None:
        self.number += 1
        self.octets += header & COUNT
        self.records += header >= END_OF_RECORD
        if self.number <= MAX_SUBRECORDS:
            self.shown_to = row.offset + row.length


def _subrecord(buffer: bytes, at: int) -> Row:
    header = buffer[at]
    count, compressed = header & COUNT, bool(header & COMPRESSED)
    need = 1 if compressed else count
    content = buffer[at + 1 : at + 1 + need]
    flaws = []
    if len(content) < need:
        flaws.append(_flaw("DAT-TRUNC", at, "DATABUF", f"the last subrecord lacks {need - len(content)} octets"))
    elif compressed and not count:
        flaws.append(_flaw("DAT-CF0", at, "DATABUF"))
    marks = ["compressed"] * compressed + ["end of record"] * (header >= END_OF_RECORD)
    shown = f"{header:02x} {content[:MAX_CONTENT].hex()}".rstrip()
    if len(content) > MAX_CONTENT:
        shown += f" and {len(content) - MAX_CONTENT} more"
    value = f"{count} times {content.hex()}" if compressed else f"{count} octets"
    return Row(at, 1 + len(content), "subrecord", shown, value, ", ".join(marks), tuple(flaws))


# --- values and their meaning ---------------------------------------------------------------------------------------


def _flaw(rule: str, offset: int, name: str = "", text: str = "") -> Flaw:
    return Flaw(rule, offset, name, text or RULES[rule].meaning)


def _title(command: type) -> str:
    """`StartFileAccepted` as `Start File Accepted`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", command.__name__)


def _latin(raw: bytes) -> str:
    return raw.decode("latin-1")


def _value(one: Field, raw: bytes) -> str:
    if isinstance(one, Octets):
        return ""
    if isinstance(one, Count) and one.binary:
        return str(int.from_bytes(raw, "big"))
    if isinstance(one, Text):
        return text_of(raw)[0]
    if isinstance(one, Terminator):
        return _TERMINATORS.get(raw, _latin(raw))
    if isinstance(one, Number | Count) and not isinstance(one, Code) and raw.isdigit():
        return str(int(raw))
    return _latin(raw).rstrip(" ")


_TERMINATORS = {b"\r": "CR", b"\x8d": "CR with parity bit", b"\n": "LF"}


def _remark(one: Field, raw: bytes) -> str:
    """Return what a value means, empty if it says so itself or means nothing."""
    if one.name in _MEANINGS:
        return _MEANINGS[one.name].get(_latin(raw).lstrip("0") or "0", "")
    for kind, words in _BY_KIND.items():
        if isinstance(one, kind):
            return words(one.name, raw)
    return ""


def _of_reserved(_name: str, raw: bytes) -> str:
    return "reserved" if raw.strip(b" ") else "reserved, blank"


def _of_reason(name: str, raw: bytes) -> str:
    reasons = _REASONS.get(name)
    known = reasons is not None and raw.isdigit() and int(raw) in frozenset(reasons)
    return reasons(int(raw)).text if reasons is not None and known else ""


def _of_date(_name: str, raw: bytes) -> str:
    text = _latin(raw)
    return f"{text[:-4]}-{text[-4:-2]}-{text[-2:]}" if raw.isdigit() else ""


def _of_time(_name: str, raw: bytes) -> str:
    text = _latin(raw)
    if not raw.isdigit():
        return ""
    return f"{text[:2]}:{text[2:4]}:{text[4:6]}" + (f", counter {text[6:]}" if text[6:] else "")


def _of_code(_name: str, raw: bytes) -> str:
    """Say what an identification code given by Odette is made of (RFC 5024 5.4)."""
    found = re.fullmatch(rb"O([0-9]{4})(.{14})(.{6})", raw, re.DOTALL)
    if not found:
        return ""
    designator, organisation, address = (_latin(part).strip(" ") for part in found.groups())
    return f"ICD {designator}, organisation {organisation or '-'}, sub-address {address or '-'}"


_UNITS = {
    "SSIDSDEB": "octets of a data buffer at most",
    "SSIDCRED": "data buffers before a credit is due",
    "SFIDLRECL": "octets of a record at most",
    "SFIDFSIZ": "times 1024 octets, as sent",
    "SFIDOSIZ": "times 1024 octets, before file services; 0 = unknown",
    "SFIDREST": "restart position offered: records for F and V, else times 1024 octets",
    "SFPAACNT": "restart position taken: records for F and V, else times 1024 octets",
    "EFIDRCNT": "records",
    "EFIDUCNT": "octets",
}

_BY_KIND: dict[type[Field], Callable[[str, bytes], str]] = {
    Octets: lambda _, raw: f"{len(raw)} octets",
    Count: lambda _, __: "octets of the next field",
    Reserved: _of_reserved,
    Code: _of_reason,
    Number: lambda name, _: _UNITS.get(name, ""),
    Date: _of_date,
    Time: _of_time,
    Alnum: _of_code,
}
"""In this order: a Code is a Number too."""

_REASONS: dict[str, type[EndReason | AnswerReason | NegativeReason]] = {
    "ESIDREAS": EndReason,
    "SFNAREAS": AnswerReason,
    "EFNAREAS": AnswerReason,
    "NERPREAS": NegativeReason,
}


def _yes_no(yes: str, no: str) -> dict[str, str]:
    return {"Y": yes, "N": no}


_MEANINGS: dict[str, dict[str, str]] = {
    "SSIDLEV": {"1": "revision 1.2 or 1.3", "2": "revision 1.3", "4": "revision 1.4", "5": "revision 2.0, RFC 5024"},
    "SSIDSR": {"S": "only sends files", "R": "only receives files", "B": "sends and receives files"},
    "SSIDCMPR": _yes_no("buffer compression", "no buffer compression"),
    "SSIDREST": _yes_no("restart", "no restart"),
    "SSIDSPEC": _yes_no("special logic", "no special logic"),
    "SSIDAUTH": _yes_no("secure authentication", "no secure authentication"),
    "SFIDFMT": {"F": "fixed records", "V": "variable records", "U": "unstructured", "T": "text"},
    "SFIDSEC": {"0": "not secured", "1": "encrypted", "2": "signed", "3": "encrypted and signed"},
    "SFIDCIPH": {
        "0": "none",
        "1": "3DES, SHA-1",
        "2": "AES-256-CBC, SHA-1",
        "3": "3DES, SHA-256",
        "4": "AES-256-CBC, SHA-256",
        "5": "3DES, SHA-512",
        "6": "AES-256-CBC, SHA-512",
    },
    "SFIDCOMP": {"0": "not compressed", "1": "ZLIB"},
    "SFIDENV": {"0": "no envelope", "1": "CMS"},
    "SFIDSIGN": _yes_no("signed receipt asked for", "no signed receipt asked for"),
    "SFNARRTR": _yes_no("may be sent again later", "not to be sent again"),
    "EFPACD": _yes_no("asks for the turn", "does not ask for the turn"),
}
"""By field and value without leading zeros."""
