"""The layout of every command at every level (RFC 5024 5.3, RFC 2204 5.3; level 4 as implementations agree on it).

A layout lists the fields after the command octet. DATA has none: data.py reads it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from seon.oftp2 import commands as c
from seon.oftp2 import reasons
from seon.oftp2.fields import (
    Alnum,
    Choice,
    Code,
    Constant,
    Count,
    Date,
    Layout,
    Number,
    Octets,
    Reserved,
    Terminator,
    Text,
    Time,
    YesNo,
)
from seon.oftp2.rules import broken

LEVELS = (1, 2, 4, 5)
"""Revisions 1.2, 1.3, 1.4 and 2.0; 3 was never assigned."""
FUTURE_LEVELS = frozenset({6, 7, 8, 9})
MIN_BUFFER = 128
"""The smallest SSIDSDEB."""
DATA = ord("D")
ESID = ord("F")
_OLD_ESID = 4
NO_SECRET_YET = 3
"""Octets from the start of a buffer that are command, level or length: no secret, however the rest is shifted."""

_CIPHERS = frozenset(range(8))
"""00 none; 01, 02 RFC 5024 10.2; 03-06 Odette OP09; 07 seen in one implementation."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a command octet means: the RFC's name, our type, and the layout at a level (None: not at that level)."""

    code: int
    name: str
    type: type[c.Command]
    layout: Callable[[int], Layout | None]


def _start_session_ready(_level: int) -> Layout:
    return (Constant("SSRMMSG", 17, octets=b"ODETTE FTP READY "), Terminator("SSRMCR", 1))


def _start_session(level: int) -> Layout:
    """By the level that the SSID itself carries."""
    authentication = YesNo("SSIDAUTH", 1, "authentication")
    return (
        Code("SSIDLEV", 1, "level", values=frozenset(LEVELS), soft=FUTURE_LEVELS, soft_rule="FLD-ENUM/level"),
        Alnum("SSIDCODE", 25, "code", blank="FLD-EMPTY/session"),
        Alnum("SSIDPSWD", 8, "password", secret=True, blank="FLD-EMPTY/session"),
        Number("SSIDSDEB", 5, "buffer_size", least=MIN_BUFFER),
        Choice("SSIDSR", 1, "direction", values=("S", "R", "B")),
        YesNo("SSIDCMPR", 1, "compression"),
        YesNo("SSIDREST", 1, "restart"),
        YesNo("SSIDSPEC", 1, "special_logic"),
        Number("SSIDCRED", 3, "credit", least=1),
        *((authentication, Reserved("SSIDRSV1", 4)) if level >= 5 else (Reserved("SSIDRSV1", 5),)),
        Alnum("SSIDUSER", 8, "user"),
        Terminator("SSIDCR", 1),
    )


def _authentication_challenge(level: int) -> Layout | None:
    if level < 5:
        return None
    return (Count("AUCHCHLL", 2, binary=True, least=1), Octets("AUCHCHAL", None, "challenge", secret=True))


def _authentication_response(level: int) -> Layout | None:
    return (Octets("AURPRSP", 20, "response", secret=True),) if level >= 5 else None


def _stamp(prefix: str, level: int, reserved: int) -> Layout:
    """Name, reserved, date and time, as SFID, EERP and NERP have them; `reserved` is the width from level 4 on."""
    four = level >= 4
    return (
        Alnum(f"{prefix}DSN", 26, "name", blank="FLD-EMPTY"),
        Reserved(f"{prefix}RSV1", reserved if four else 9),
        Date(f"{prefix}DATE", 8 if four else 6, "date"),
        Time(f"{prefix}TIME", 10 if four else 6, "time"),
    )


def _route(prefix: str) -> Layout:
    return (
        Alnum(f"{prefix}DEST", 25, "destination", blank="FLD-EMPTY"),
        Alnum(f"{prefix}ORIG", 25, "originator", blank="FLD-EMPTY"),
    )


def _start_file(level: int) -> Layout:
    five = level >= 5
    return (
        *_stamp("SFID", level, 3),
        Alnum("SFIDUSER", 8, "user"),
        *_route("SFID"),
        Choice("SFIDFMT", 1, "format", values=("F", "V", "U", "T")),
        Number("SFIDLRECL", 5, "record_length"),
        Number("SFIDFSIZ", 13 if five else 7, "size_k"),
        *((Number("SFIDOSIZ", 13, "original_size_k"),) if five else ()),
        Number("SFIDREST", 17 if five else 9, "restart"),
        *(_FILE_SERVICES if five else ()),
    )


_FILE_SERVICES: Layout = (
    Code("SFIDSEC", 2, "security", values=frozenset(range(4))),
    Code("SFIDCIPH", 2, "cipher", values=_CIPHERS, rule="FLD-CIPH"),
    Code("SFIDCOMP", 1, "compression", values=frozenset({0, 1})),
    Code("SFIDENV", 1, "envelope", values=frozenset({0, 1})),
    YesNo("SFIDSIGN", 1, "signed_receipt"),
    Count("SFIDDESCL", 3, tail=True),
    Text("SFIDDESC", None, "description"),
)


def _start_file_accepted(level: int) -> Layout:
    return (Number("SFPAACNT", 17 if level >= 5 else 9, "restart"),)


def _reason(name: str, known: frozenset[int]) -> Code:
    return Code(name, 2, "reason", values=known, rule="FLD-ENUM/reason")


def _text(prefix: str, level: int, *, tail: bool = True) -> Layout:
    """The reason in words, level 5 only."""
    if level < 5:
        return ()
    return (Count(f"{prefix}REASL", 3, tail=tail), Text(f"{prefix}REAST", None, "text"))


def _proof(prefix: str, level: int) -> Layout:
    """Hash and signature, level 5 only."""
    if level < 5:
        return ()
    return (
        Count(f"{prefix}HSHL", 2, binary=True, tail=True),
        Octets(f"{prefix}HSH", None, "hash"),
        Count(f"{prefix}SIGL", 2, binary=True),
        Octets(f"{prefix}SIG", None, "signature"),
    )


def _start_file_refused(level: int) -> Layout:
    return (
        _reason("SFNAREAS", reasons.start_answer_reasons(level)),
        YesNo("SFNARRTR", 1, "retry"),
        *_text("SFNA", level),
    )


def _end_file(level: int) -> Layout:
    five = level >= 5
    return (Number("EFIDRCNT", 17 if five else 9, "records"), Number("EFIDUCNT", 17 if five else 12, "octets"))


def _end_file_accepted(_level: int) -> Layout:
    return (YesNo("EFPACD", 1, "change_direction"),)


def _end_file_refused(level: int) -> Layout:
    return (_reason("EFNAREAS", reasons.end_answer_reasons(level)), *_text("EFNA", level))


def _set_credit(_level: int) -> Layout:
    return (Reserved("CDTRSV1", 2, tail=True),)


def _end_session(level: int) -> Layout:
    return (
        _reason("ESIDREAS", reasons.end_reasons(level)),
        *_text("ESID", level),
        Terminator("ESIDCR", 1, missing="CMD-LEN/terminator-esid"),
    )


def _end_to_end_response(level: int) -> Layout:
    return (*_stamp("EERP", level, 3), Alnum("EERPUSER", 8, "user"), *_route("EERP"), *_proof("EERP", level))


def _negative_end_response(level: int) -> Layout | None:
    if level < 4:
        return None
    return (
        *_stamp("NERP", level, 6),
        *_route("NERP"),
        Alnum("NERPCREA", 25, "creator", blank="FLD-EMPTY"),
        _reason("NERPREAS", reasons.negative_reasons(level)),
        *_text("NERP", level, tail=False),
        *_proof("NERP", level),
    )


def _nothing(_level: int) -> Layout:
    return ()


def _nothing_at_5(level: int) -> Layout | None:
    return () if level >= 5 else None


_FORMS = (
    Form(ord("I"), "SSRM", c.StartSessionReady, _start_session_ready),
    Form(ord("X"), "SSID", c.StartSession, _start_session),
    Form(ord("J"), "SECD", c.SecurityChangeDirection, _nothing_at_5),
    Form(ord("A"), "AUCH", c.AuthenticationChallenge, _authentication_challenge),
    Form(ord("S"), "AURP", c.AuthenticationResponse, _authentication_response),
    Form(ord("H"), "SFID", c.StartFile, _start_file),
    Form(ord("2"), "SFPA", c.StartFileAccepted, _start_file_accepted),
    Form(ord("3"), "SFNA", c.StartFileRefused, _start_file_refused),
    Form(ord("C"), "CDT", c.SetCredit, _set_credit),
    Form(ord("T"), "EFID", c.EndFile, _end_file),
    Form(ord("4"), "EFPA", c.EndFileAccepted, _end_file_accepted),
    Form(ord("5"), "EFNA", c.EndFileRefused, _end_file_refused),
    Form(ord("F"), "ESID", c.EndSession, _end_session),
    Form(ord("R"), "CD", c.ChangeDirection, _nothing),
    Form(ord("E"), "EERP", c.EndToEndResponse, _end_to_end_response),
    Form(ord("N"), "NERP", c.NegativeEndResponse, _negative_end_response),
    Form(ord("P"), "RTR", c.ReadyToReceive, _nothing),
)

FORMS = {form.code: form for form in _FORMS}
FORM_OF: dict[type, Form] = {form.type: form for form in _FORMS}


def esid_level(length: int) -> int:
    """Return the level whose layout an ESID of so many octets has, where no level is agreed yet (RFC 5024 5.3.11).

    Below level 5 it has 4 octets, without its terminator 3. The shortest of level 5 has 7 and 6; 5 fit nothing.
    """
    return LEVELS[-1] if length > _OLD_ESID else LEVELS[-2]


@cache
def _layout(code: int, level: int) -> Layout | None:
    return FORMS[code].layout(level)


def layout(code: int, level: int) -> Layout:
    """Return the fields after the command octet `code` at `level`; raises InvalidBufferError (CMD-ID, CMD-LVL)."""
    if code not in FORMS:
        raise broken("CMD-ID", 0, "", f"unknown command octet {code:#04x}")
    fields = _layout(code, level)
    if fields is None:
        name = FORMS[code].name
        raise broken("CMD-LVL", 0, name, f"does not exist at level {level}")
    return fields


@cache
def opening_octets(code: int) -> int:
    """Return how many octets at the start of a buffer may be shown of one whose length does not fit its command.

    Its command octet; two more where the command holds no secret at any level.
    """
    return 1 if any(field.secret for field in layout(code, LEVELS[-1])) else NO_SECRET_YET


@cache
def length_bounds(code: int, level: int) -> tuple[int, int]:
    """Return the least and the greatest octets of an exchange buffer with this command; tolerated forms included.

    With it a length can be judged before the buffer is there. Raises InvalidBufferError as `layout` does.
    """
    least = most = 1
    skipped = False
    for field in layout(code, level):
        # A terminator may be missing, and a tail together with all that follows it.
        skipped = skipped or field.tail or isinstance(field, Terminator)
        most += field.width or 0
        least += 0 if skipped else (field.width or 0)
        if isinstance(field, Count):
            most += field.most
    return least, most
