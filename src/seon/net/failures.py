"""Why a dial failed: target, stage and likely cause, in words for whoever must mend it. All these texts are made here.
Why a caller's handshake failed, too.

A text holds our words, OpenSSL's and the system's, and the addresses that were dialled: nothing that the peer sent.
"""

import errno
import os
import re
import socket
from collections.abc import Iterable
from enum import StrEnum

from seon.net.channel import EndOfStream, TlsError
from seon.net.greetings import answered, old_version, on_tls_port

TLS_ALERT = 0x15
"""The type of a record with an alert (RFC 8446 section 5.1)."""
NAMED = 3
"""Addresses named for one cause; of further ones the number is."""


class Stage(StrEnum):
    """How far a dial has come."""

    NAME = "name"
    CONNECT = "connect"
    TLS = "TLS"
    CERTIFICATE = "certificate"
    SSRM = "SSRM"


class DialError(Exception):
    """Whom we dialled is not reached, or is not whom we wanted. `target`: host:port, as `addresses.shown` writes it."""

    def __init__(self, target: str, stage: Stage, cause: str) -> None:
        super().__init__(f"{target}: {stage}: {cause}")
        self.target = target
        self.stage = stage
        self.cause = cause


# --- name -------------------------------------------------------------------------------------------------------------

UNKNOWN_NAME = "unknown (is it spelt right? does this host's resolver know it?)"
_RESOLVER = {
    socket.EAI_NONAME: UNKNOWN_NAME,
    socket.EAI_NODATA: "it has no address (is it the right name?)",
    socket.EAI_AGAIN: "no name server answers (network down? wrong /etc/resolv.conf?)",
    socket.EAI_FAIL: "the name server has failed (this host's resolver, or the zone of that name)",
}


def name_failure(target: str, error: Exception) -> DialError:
    """Return why a name has no address: `error` as `socket.getaddrinfo` raises it."""
    if isinstance(error, socket.gaierror):
        cause = _RESOLVER.get(error.errno or 0, _system_words(error))
    else:  # UnicodeError: getaddrinfo has not even asked
        cause = "it is no possible host name"
    return DialError(target, Stage.NAME, cause)


# --- connect ----------------------------------------------------------------------------------------------------------

_CONNECT = {
    errno.ECONNREFUSED: ("refused", "by", "(nothing listens on that port)"),
    errno.ECONNRESET: ("reset", "by", "(does it let our address in?)"),
    errno.ENETUNREACH: ("no route", "to", "(has this host no such network?)"),
    errno.EHOSTUNREACH: ("no way", "to", "(host down? a firewall?)"),
    errno.EACCES: ("forbidden", "for", "on this host (its firewall?)"),
    errno.EPERM: ("forbidden", "for", "on this host (its firewall?)"),
}
"""What happened; the word between that and the addresses; the likely cause."""


def connect_causes(failed: Iterable[tuple[str, int]], seconds: float, *, literal: bool) -> str:
    """Return why no address could be connected to: each cause once, with its addresses unless the target is `literal`.

    `failed`: address and error number, ETIMEDOUT for one that has not answered within `seconds`.
    """
    by_words: dict[tuple[str, str, str], list[str]] = {}
    silent = ("no answer", "from", f"within {_in_seconds(seconds)} (a firewall?)")
    for address, number in failed:
        words = silent if number == errno.ETIMEDOUT else _CONNECT.get(number, (os.strerror(number).lower(), "for", ""))
        by_words.setdefault(words, []).append(address)
    causes = []
    for (what, between, tail), of in by_words.items():
        causes.append(" ".join(filter(None, (what, "" if literal else f"{between} {_names(of)}", tail))))
    return "; ".join(causes)


def _names(listed: list[str]) -> str:
    more = len(listed) - NAMED
    return ", ".join(listed[:NAMED]) + (f" and {more} more" if more > 0 else "")


# --- TLS, certificate -------------------------------------------------------------------------------------------------

NONE_SHOWN = "none shown"
_ALERT = re.compile(r"alert (.+)|tlsv1 (unrecognized name)")
_OF_OUR_CERTIFICATE = {
    "access denied",
    "bad certificate",
    "certificate expired",
    "certificate required",
    "certificate revoked",
    "certificate unknown",
    "no certificate",
    "unknown ca",
    "unsupported certificate",
}
"""Alerts about the client certificate (RFC 8446 section 6.2), in OpenSSL's words."""
_OLD_TLS = "it wants no TLS 1.2 or higher"
_NEEDED = "TLS 1.2 or 1.3 is needed"
_OTHER_CIPHERS = "it wants other ciphers than ours"
_OPENSSL = {
    "unsupported protocol": _OLD_TLS,
    "wrong ssl version": _OLD_TLS,
    "wrong cipher returned": _OTHER_CIPHERS,
    "unknown cipher returned": _OTHER_CIPHERS,
}
_CLOCKS = {
    9: "it is not valid yet (are the clocks right?)",
    10: "it has expired (are the clocks right?)",
}
"""By OpenSSL's numbers (X509_V_ERR_...), where it judges and not we."""


def handshake_failure(target: str, error: Exception, heard: bytes, seconds: float, verified: int = 0) -> DialError:
    """Return why a TLS handshake with whom we dialled failed: `error` as `net.stream` raises it.

    `heard`: the first octets that came; `seconds`: the time there was; `verified`: OpenSSL's verdict on a certificate.
    """
    if no_tls := answered(heard):
        return DialError(target, Stage.TLS, no_tls)
    if isinstance(error, TlsError) and "certificate verify failed" in str(error):
        return DialError(target, Stage.CERTIFICATE, _CLOCKS.get(verified, "it is none that is accepted here"))
    if isinstance(error, TimeoutError):
        silence = f"it did not complete the handshake within {_in_seconds(seconds)}"
        return DialError(target, Stage.TLS, silence if heard else _mute(seconds))
    if isinstance(error, TlsError):
        words = _tls_words(str(error), early=heard[:1] == bytes([TLS_ALERT]))
        version = old_version(heard) if words == _OLD_TLS else ""
        return DialError(target, Stage.TLS, f"it answers with {version}: {_NEEDED}" if version else words)
    return DialError(target, Stage.TLS, _ended(error, heard))


def first_word_failure(target: str, error: Exception, seconds: float) -> DialError:
    """Return why nothing came of a partner after the handshake: it had to say SSRM (RFC 5024 section 4.2).

    With TLS 1.3 only now it is heard that our certificate was refused: the dialling side is done first.
    """
    if isinstance(error, TlsError):
        return DialError(target, Stage.TLS, _tls_words(str(error), early=False))
    if isinstance(error, TimeoutError):
        return DialError(target, Stage.SSRM, f"none within {_in_seconds(seconds)} (is that an OFTP2 station?)")
    return DialError(target, Stage.SSRM, "it ended the connection instead (does it know our certificate?)")


def _tls_words(text: str, *, early: bool) -> str:
    """Return the cause in OpenSSL's text. `early`: an alert was all that came, so our certificate is not known yet."""
    match = _ALERT.search(text)
    if not match:
        return _OPENSSL.get(text, f"the handshake failed ({text})")
    alert = match[1] or match[2]
    said = f"(alert: {alert})"
    if alert == "protocol version":
        return _OLD_TLS
    if alert in ("handshake failure", "insufficient security"):
        other = f"{_OTHER_CIPHERS} (an old station? then old_tls for this partner; alert: {alert})"
        return other if early else f"it refused our certificate or its key {said}"
    if alert in _OF_OUR_CERTIFICATE:
        return f"it refused our certificate {said}"
    if alert == "unrecognized name":
        return f"it does not know the name that it was called by {said}"
    return f"it ended the handshake {said}"


def _ended(error: Exception, heard: bytes) -> str:
    if isinstance(error, EndOfStream | ConnectionError):
        if heard:
            return "it ended the connection in the handshake (does it know our certificate?)"
        return "it ended the connection without a word (is that a TLS port? does it let our address in?)"
    return f"the connection broke ({_system_words(error)})"


def _mute(seconds: float) -> str:
    return f"no answer within {_in_seconds(seconds)} (is that a TLS port?)"


def _in_seconds(seconds: float) -> str:
    return f"{round(max(seconds, 0.1), 0 if seconds >= 10 else 1):g} s"


def _system_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__


# --- who calls us -----------------------------------------------------------------------------------------------------

_VERSION = {"unsupported protocol", "version too low", "wrong version number"}
_NOTHING_SHARED = {
    "no shared cipher": "it offers no cipher suite with a curve that is accepted here "
    "(an old station? then old_tls for its partner, with its networks)",
    "no suitable key share": "it offers no group (elliptic curve) that is accepted here",
    "no shared signature algorithms": "it takes no signature with SHA-256 or better",
    "no suitable signature algorithm": "it takes no signature that the key of our certificate can make",
    "wrong curve": "the key of its certificate is on a curve that TLS does not use",
}
"""By OpenSSL's words, which are said too: people search for them."""


def caller_failure(error: Exception, heard: bytes) -> str:
    """Return why a caller's handshake failed: `error` as `net.stream` raises it, `heard`: its first octets."""
    text = str(error)
    if text in _VERSION and (version := old_version(heard)):
        return f"it offers {version} at most: {_NEEDED}"
    if words := _NOTHING_SHARED.get(text):
        return f"{words}: {text}"
    return on_tls_port(heard) or text
