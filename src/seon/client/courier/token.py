"""The security token: `seon1.<SHA-256 of the API's CA certificate>.<secret>`. Only the courier ever holds it."""

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from seon.daemon.home import StartError

_FORM = re.compile(r"seon1\.([0-9a-f]{64})\.([A-Za-z0-9_-]{20,200})")
MAX_TOKEN = 400


@dataclass(frozen=True, slots=True)
class Token:
    """What a client proves itself with, and how it knows the API at first contact."""

    ca_fingerprint: str
    secret: str = field(repr=False)


def read_token(argument: str) -> Token:
    """Return the token that `-T` names: itself, `@file`, `-` (standard input), or "" for SEON_TOKEN.

    Raises StartError, which never holds any of the token.
    """
    if argument == "-":
        text = sys.stdin.readline(MAX_TOKEN)
    elif argument.startswith("@"):
        try:
            text = Path(argument[1:]).read_text()[:MAX_TOKEN]
        except (OSError, UnicodeDecodeError) as error:
            raise StartError(f"The token file {argument[1:]} cannot be read: {error}") from error
    else:
        text = argument or os.environ.get("SEON_TOKEN", "")
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise StartError("The security token is not complete; make one with: seonapi token new NAME")
    return Token(match[1], match[2])
