"""PKCS#7 and PKCS#12: files that hold certificates, and keys."""

import os
import subprocess
import sys

import msgspec

from seon.pki import ber, opener
from seon.pki.ber import BrokenError
from seon.pki.opener import CPU_SECONDS, Asked, Opened
from seon.pki.values import KeyLockedError, PkiError, WrongPasswordError

MOST_CERTIFICATES = 200
"""Of one PKCS#7 file that are looked at."""
_PATIENCE = 120.0
"""Seconds of the clock, on a host that has other things to do."""
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_ENVELOPED_DATA = bytes.fromhex("2a864886f70d010703")
_TO_PEM = "convert it: openssl pkcs12 -legacy -in FILE -out FILE.pem"
_FAILURES = {
    "unsupported": f"the PKCS#12 file is protected in a way that is not supported here; {_TO_PEM}",
    "rules": f"a certificate in the PKCS#12 file is not encoded by the rules of X.509; {_TO_PEM}",
    "damaged": "the PKCS#12 file is damaged, or made in a way that is not supported here",
}
_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")


def certificates_in_pkcs7(der: bytes) -> list[bytes]:
    """Return the certificates in PKCS#7 signed data (RFC 5652 5.1), DER, in the file's order. Raises PkiError."""
    try:
        kind, *content = ber.members(der, ber.element_at(der, 0, len(der)), 2)
        if ber.content(der, kind, ber.OBJECT) == _ENVELOPED_DATA:
            raise PkiError("it is an encrypted message (PKCS#7): whoever holds its key can open it")
        (signed,) = ber.members(der, content[0], 1)
        bag = next((part for part in ber.members(der, signed, 10) if part.tag == 0xA0), None)
        held = ber.members(der, bag, MOST_CERTIFICATES) if bag else []
    except (BrokenError, ValueError, IndexError) as error:
        if isinstance(error, PkiError):
            raise
        raise PkiError("the PKCS#7 file cannot be used: its content cannot be read") from None
    found = [der[one.start : one.end] for one in held if one.tag == ber.SEQUENCE]
    if not found:
        raise PkiError("the PKCS#7 file has no certificate in it, only signatures or a list of revoked ones")
    return found


def is_signed_data(der: bytes) -> bool:
    """Whether octets begin as PKCS#7 does, signed or encrypted."""
    try:
        outer = ber.element_at(der, 0, len(der))
        first = ber.element_at(der, outer.inside, outer.inside_end)
        return first.tag == ber.OBJECT and der[first.inside : first.inside_end] in (_SIGNED_DATA, _ENVELOPED_DATA)
    except (BrokenError, IndexError):
        return False


def opened_pkcs12(der: bytes, password: bytes | None, cpu_seconds: int = CPU_SECONDS) -> Opened:
    """Return what is in a PKCS#12 file, opened by a process of its own with limits.

    Raises KeyLockedError, WrongPasswordError, PkiError.
    """
    opened = _run(Asked(der, password, cpu_seconds))
    if opened.failure == "password" and password:
        raise WrongPasswordError("the password of the PKCS#12 file is wrong")
    if opened.failure == "password":
        raise KeyLockedError("the PKCS#12 file is protected by a password")
    if opened.failure:
        raise PkiError(_FAILURES[opened.failure])
    return opened


def _run(asked: Asked) -> Opened:
    program = [sys.executable, "-P", "-s", "-m", opener.__name__]
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603  # our own program, and nothing of the file in its command line
            program,
            input=msgspec.json.encode(asked),
            capture_output=True,
            env=environment,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PkiError(_too_slow(asked)) from None
    except OSError as error:
        raise PkiError(f"no process can be started to open it: {error.strerror}") from None
    if done.returncode < 0:
        raise PkiError(_too_slow(asked))
    try:
        return msgspec.json.decode(done.stdout, type=Opened)
    except msgspec.DecodeError:
        raise PkiError("the PKCS#12 file cannot be opened: it needs too much memory, or is damaged") from None


def _too_slow(asked: Asked) -> str:
    return (
        f"opening it takes more than {asked.cpu_seconds} seconds, which no usual tool asks for: its password is "
        "protected by too many rounds; have it made again with fewer"
    )
