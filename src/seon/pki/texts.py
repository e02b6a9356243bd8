"""What programs, mails and people make of PEM: found again in whatever text it stands. Nothing is decoded twice.

The octets come from a file of a stranger: each step is linear in its size.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from seon.pki.values import PkiError

BEGIN = b"-----BEGIN "
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9. ]{1,40})-----(?:(?!-----BEGIN ).)*?-----END \1-----", re.DOTALL)
"""A block ends before the next one begins: else a file of beginnings alone would take minutes."""
_QUOTED = re.compile(rb"^(?:[ \t]*>)+[ \t]*-----BEGIN ", re.MULTILINE)
_QUOTES = re.compile(rb"^(?:[ \t]*>)+", re.MULTILINE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]{100,}")
_UTF8_MARK = b"\xef\xbb\xbf"
_SAMPLE = 64


def plain(octets: bytes) -> bytes:
    """Return a text in UTF-16, as Windows tools write it, in ASCII, and any text without mark and quotes of a mail."""
    octets = _from_utf16(octets).removeprefix(_UTF8_MARK)
    return _QUOTES.sub(b"", octets) if _QUOTED.search(octets) else octets


def _from_utf16(octets: bytes) -> bytes:
    encoding = ""
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif len(octets) > 2:  # without a mark: each second octet of what is ASCII is zero
        even, odd = octets[:_SAMPLE:2], octets[1:_SAMPLE:2]
        if not any(odd) and all(0 < octet < 0x80 for octet in even):
            encoding = "utf-16-le"
        elif not any(even) and all(0 < octet < 0x80 for octet in odd):
            encoding = "utf-16-be"
    return octets.decode(encoding, "replace").encode("ascii", "replace") if encoding else octets


def blocks(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield label and text of each block in PEM. Raises PkiError for a block that does not end."""
    found = 0
    for match in _BLOCK.finditer(octets):
        found += 1
        yield match[1], match[0]
    if octets.count(BEGIN) > found:
        raise PkiError("a block in PEM is cut off: its END line is missing")


def body(block: bytes) -> bytes:
    """Return the octets of a block that no password protects. Raises PkiError."""
    text = block.removeprefix(BEGIN).partition(b"-----")[2].partition(b"-----END ")[0]
    text = text.replace(rb"\r", b"").replace(rb"\n", b"\n")  # as JSON has it
    for tried in (text, text.replace(b"=3D", b"").replace(b"=", b"")):  # as mails in quoted-printable have it
        digits = b"".join(tried.split())
        try:
            return base64.b64decode(digits if tried is text else digits + b"=" * (-len(digits) % 4), validate=True)
        except binascii.Error:
            continue
    raise PkiError("a block in PEM is damaged: it is not base64")


def unwrapped(octets: bytes) -> bytes:
    """Return what base64 without BEGIN and END lines stands for; everything else as it is."""
    if _BASE64.fullmatch(octets):
        try:
            return base64.b64decode(octets, validate=False)
        except binascii.Error:
            return octets
    return octets
