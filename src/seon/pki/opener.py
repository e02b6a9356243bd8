"""The program that opens one PKCS#12 file: a process of its own, that the system ends when it takes too long.

What is inside an encrypted part is seen only when it is open, and can demand hours again: in a library that no signal
handler reaches. So the limits are the system's. It reads the file and its password from its standard input, and
writes what it found to its standard output; nothing of it touches a disk.
"""

import os
import resource
import sys
import warnings
from typing import Literal

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

CPU_SECONDS = 20
MEMORY = 1024 * 1024 * 1024
"""Octets of address space; scrypt may take a quarter of it."""
Failure = Literal["", "password", "unsupported", "rules", "damaged"]


class Asked(msgspec.Struct):
    """What is to be opened."""

    der: bytes
    password: bytes | None = None
    cpu_seconds: int = CPU_SECONDS


class Opened(msgspec.Struct):
    """What was in it."""

    certificates: list[bytes] = []
    """DER, the one that belongs to the key first."""
    keys: list[bytes] = []
    """PKCS#8 in DER, without protection."""
    failure: Failure = ""


def open_pkcs12(asked: Asked) -> Opened:
    """Return what is in a PKCS#12 file, or why it cannot be opened."""
    # Without a password there are two ways to say so: none, and an empty one. Tools write both.
    failure: Failure = "password"
    for attempt in (asked.password, None, b"") if asked.password else (None, b""):
        try:
            return _content(pkcs12.load_pkcs12(asked.der, attempt))
        except UnsupportedAlgorithm:
            return Opened(failure="unsupported")
        except ValueError as error:
            text = str(error).lower()
            if "parseerror" in text:
                return Opened(failure="rules")
            if "password" not in text:
                failure = "damaged"
        except Exception:  # cryptography says "malformed" in a dozen classes that have no other base
            failure = "damaged"
    return Opened(failure=failure)


def _content(loaded: pkcs12.PKCS12KeyAndCertificates) -> Opened:
    held = ([loaded.cert] if loaded.cert else []) + loaded.additional_certs
    keys = [loaded.key] if loaded.key is not None else []
    return Opened(
        [one.certificate.public_bytes(Encoding.DER) for one in held],
        [key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()) for key in keys],
    )


def main() -> None:
    """Be the program."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(10)
    warnings.simplefilter("ignore")
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    resource.setrlimit(resource.RLIMIT_CPU, (asked.cpu_seconds, asked.cpu_seconds + 1))
    sys.stdout.buffer.write(msgspec.json.encode(open_pkcs12(asked)))


if __name__ == "__main__":
    main()
