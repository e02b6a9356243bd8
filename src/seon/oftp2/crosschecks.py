"""Fields of one command judged against each other (RFC 5024 5.3.3, 5.3.13, 5.3.14)."""

from collections.abc import Callable, Iterator
from typing import Any

from seon.oftp2.commands import EndToEndResponse, NegativeEndResponse, StartFile, StartSession
from seon.oftp2.errors import Flaw
from seon.oftp2.rules import RULES

MAX_SECURED_RECORD = 65_536
"""SFIDLRECL of a secured V file, by the field's text; its 2-octet record headers can say no more than 65535."""

Broken = Iterator[tuple[str, str]]


def _start_session(ssid: StartSession) -> Broken:
    if ssid.special_logic:
        yield "FLD-SPEC", "SSIDSPEC"


def _start_file(sfid: StartFile) -> Broken:
    yield from _records(sfid)
    yield from _services(sfid)
    if sfid.original_size_k not in (0, sfid.size_k) and not (sfid.security or sfid.compression or sfid.envelope):
        yield "XF-OSIZ", "SFIDOSIZ"


def _records(sfid: StartFile) -> Broken:
    if sfid.format in "TU" and sfid.record_length:
        yield "XF-LRECL", "SFIDLRECL"
    if sfid.format == "F" and not sfid.record_length:
        yield "XF-LRECL0", "SFIDLRECL"
    if sfid.format == "V" and sfid.security and sfid.record_length > MAX_SECURED_RECORD:
        yield "XF-VREC", "SFIDLRECL"


def _services(sfid: StartFile) -> Broken:
    if sfid.security and not sfid.cipher:
        yield "XF-SEC", "SFIDSEC"
    if sfid.cipher and not (sfid.security or sfid.signed_receipt):
        yield "XF-SEC/unused", "SFIDCIPH"
    if (sfid.security or sfid.compression) and not sfid.envelope:
        yield "XF-ENV", "SFIDENV"
    if sfid.signed_receipt and not sfid.cipher:
        yield "XF-SIGN", "SFIDSIGN"


def _receipt(receipt: EndToEndResponse | NegativeEndResponse) -> Broken:
    prefix = "EERP" if isinstance(receipt, EndToEndResponse) else "NERP"
    if receipt.hash and not receipt.signature:
        yield "XF-HASH", f"{prefix}SIGL"
    if receipt.signature and not receipt.hash:
        yield "XF-HASH0", f"{prefix}HSHL"


_CHECKS: dict[type, Callable[[Any], Broken]] = {
    StartSession: _start_session,
    StartFile: _start_file,
    EndToEndResponse: _receipt,
    NegativeEndResponse: _receipt,
}


def crosscheck(command: object) -> list[Flaw]:
    """Return the rules that the command's fields break together."""
    check = _CHECKS.get(type(command))
    return [Flaw(rule, 0, field, RULES[rule].meaning) for rule, field in check(command)] if check else []
