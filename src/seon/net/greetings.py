"""What speaks there: the first octets of a peer, named for people where they are not what its port is for.

Pure. The octets are a stranger's: they choose one of our texts, and none of them gets into it.
"""

import re
from enum import Enum

from seon.oftp2.framing import HEADER, header_fault

ENOUGH = 16
"""First octets of a peer that are kept: what tells one protocol from another lies in them."""
_HTTP = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) |HTTP/[0-9]")
_TLS_RECORD = re.compile(rb"[\x14-\x17]\x03")
"""A record's type and the major version (RFC 8446 section 5.1). No OFTP2 stream begins so."""
_HELLO = re.compile(rb"\x16\x03.{3}[\x01\x02].{3}(..)", re.DOTALL)
"""A first record with a ClientHello or ServerHello, and the version that it names (RFC 5246 section 7.4.1)."""
_SSL2_HELLO = re.compile(rb"[\x80-\xff].\x01(..)", re.DOTALL)
"""A ClientHello as SSL 2.0 wrote it, often for a later version (RFC 5246 appendix E.2)."""
_VERSIONS = {0x0002: "SSL 2.0", 0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1"}


class Greeting(Enum):
    """What a peer's first octets are, in words that follow "it"."""

    NOTHING = "sent nothing"
    HTTP = "speaks HTTP"
    TLS = "speaks TLS"
    SSH = "speaks SSH"
    OFTP2 = "speaks OFTP2 without TLS"
    UNKNOWN = "speaks something unknown"


def recognise(octets: bytes) -> Greeting:
    """Return what the first octets of a peer are; up to ENOUGH of them are looked at."""
    if not octets:
        return Greeting.NOTHING
    if _TLS_RECORD.match(octets):
        return Greeting.TLS
    if _HTTP.match(octets):
        return Greeting.HTTP
    if octets.startswith(b"SSH-"):  # RFC 4253 section 4.2
        return Greeting.SSH
    # A stream transmission header (RFC 5024 section 8.2): its version and a length that can be.
    if len(octets) >= HEADER and not header_fault(int.from_bytes(octets[:HEADER], "big")):
        return Greeting.OFTP2
    return Greeting.UNKNOWN


def old_version(octets: bytes) -> str:
    """Return the version before TLS 1.2 that a peer's hello names, "" if none: both sides name the best they can."""
    match = _HELLO.match(octets) or _SSL2_HELLO.match(octets)
    return _VERSIONS.get(int.from_bytes(match[1], "big"), "") if match else ""


def on_tls_port(octets: bytes) -> str | None:
    """Return why a caller of the external port does not get in, or None where OpenSSL knows better or as well."""
    greeting = recognise(octets)
    if greeting is Greeting.NOTHING:
        return "it sent nothing (a plain OFTP2 station waits for SSRM)"
    return None if greeting in (Greeting.TLS, Greeting.UNKNOWN) else f"it {greeting.value}"


def on_plain_port(octets: bytes) -> str | None:
    """Return why a caller of a listening port inside is no send daemon; None: nothing says so (yet).

    An Initiator waits for SSRM and sends nothing before it. What is unknown is left to the verifier.
    """
    greeting = recognise(octets)
    if greeting is Greeting.TLS:
        return "it speaks TLS (this port is plain: switch TLS off at the send daemon)"
    return f"it {greeting.value}" if greeting in (Greeting.HTTP, Greeting.SSH) else None


def answered(octets: bytes) -> str | None:
    """Return why nothing can come of a TLS handshake with whom we have dialled; None where its octets are TLS or none.

    A plain OFTP2 station speaks first, so its SSRM is heard here.
    """
    greeting = recognise(octets)
    if greeting in (Greeting.TLS, Greeting.NOTHING):
        return None
    if greeting is Greeting.OFTP2:
        return "what answers there speaks OFTP2 without TLS (its TLS port is another one, often 6619)"
    if greeting is Greeting.UNKNOWN:
        return "what answers there speaks no TLS (plain OFTP2 port?)"
    return f"what answers there {greeting.value}, no TLS"
