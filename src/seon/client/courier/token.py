"""The security token: `seon1.<SHA-256 of the API's CA certificate>.<secret>`. Only the courier ever holds it.

SECURITY: what was given instead of a token may be one with a mistake in it, or another secret. So no message repeats
any of it, and no exception that holds it is the cause or context of one that is raised.
"""

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from seon.daemon.home import StartError

_FORM = re.compile(r"seon1\.([0-9a-f]{64})\.([A-Za-z0-9_-]{20,200})")
MAX_TOKEN = 400
"""Octets that are read; a token has less."""
VARIABLE = "SEON_TOKEN"
_MAKE = "make one with: seonapi token add NAME"
_NONE = (
    f"No security token is given. Give it as -T @FILE, as -T - (standard input), in the variable {VARIABLE}, or as "
    f"-T TOKEN (every user of this host can see that); {_MAKE}"
)
_BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Token:
    """What a client proves itself with, and how it knows the API at first contact."""

    ca_fingerprint: str
    secret: str = field(repr=False)


def read_token(argument: str) -> Token:
    """Return the token that `-T` names: itself, `@file`, `-` (standard input), or "" for SEON_TOKEN.

    Raises StartError, which says what is wrong where, and never holds any of the token.
    """
    if argument == "-":
        return _token_in(_standard_input(), "Standard input (-T -)")
    if argument.startswith("@"):
        return _token_in(_content(argument[1:]), f"The token file {argument[1:]}")
    if argument:
        return _token_in(_octets(argument), "What -T gives")
    variable = os.environ.get(VARIABLE, "")
    if not variable.strip():
        raise StartError(_NONE)
    return _token_in(_octets(variable), f"The variable {VARIABLE}")


def _octets(text: str) -> bytes:
    """Return a text of the command line or the environment; there may be octets in it that are not UTF-8."""
    return text.encode("utf-8", "surrogateescape")[: MAX_TOKEN + 1]


def _standard_input() -> bytes:
    """Return the first line of standard input: whoever types the token ends it so."""
    reason = "it is closed"
    if sys.stdin is not None:
        try:
            return sys.stdin.buffer.readline(MAX_TOKEN + 1)
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or reason
    raise StartError(f"Standard input (-T -) cannot be read: {reason}; give the token with -T @FILE instead")


def _content(name: str) -> bytes:
    """Return what a token file begins with. Raises StartError. A pipe is read to its end, as of a shell's <(...)."""
    if not name:
        raise StartError("-T @ names no file: write it as -T @FILE, without a blank between")
    hint = "give the program's user the right to read it, and no others"
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_TOKEN + 1)
    except FileNotFoundError:
        reason = f"There is no token file {name}: -T @FILE names it, relative to {_here()}"
    except IsADirectoryError:
        reason = f"The token file {name} is a directory: name the file in it"
    except PermissionError:
        reason = f"The token file {name} may not be read by this program's user (uid {os.geteuid()}): {hint}"
    except (OSError, ValueError) as error:
        said = (error.strerror if isinstance(error, OSError) else "") or "that cannot be the name of a file"
        reason = f"The token file {name} cannot be read: {said}"
    raise StartError(reason)


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # the working directory was removed
        return "the working directory"


def _token_in(octets: bytes, place: str) -> Token:
    """Return the token that was given there. Raises StartError that says what is there, and nothing of it."""
    # A byte order mark and the end of a line are what editors add.
    text = octets.removeprefix(b"\xef\xbb\xbf").decode("ascii", "replace").strip(_BLANK)
    match = _FORM.fullmatch(text)
    if match is not None:
        return Token(match[1], match[2])
    form = "a token is one line, seon1.<64 hex digits>.<secret>"
    if not text:
        raise StartError(f"{place} is empty: put the token there; {_MAKE}")
    if not text.startswith("seon1."):
        raise StartError(f"{place} is no security token: {form}; {_MAKE}")
    if len(octets) > MAX_TOKEN or len(text.split()) > 1:
        raise StartError(f"{place} has more than one token or something behind it: {form}; {_MAKE}")
    raise StartError(f"{place}: the security token is not complete; {_MAKE}")
