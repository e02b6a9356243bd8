"""The URL of Seonapi as `-U` takes it: `https://[user:password@]host[:port][/path][/index.php]`.

SECURITY: user and password are in it, and where a person forgot to escape a character they may be in any part of it.
So no message repeats what could be of them.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from seon import addresses
from seon.daemon.home import StartError

_NAME = "-U, the URL of Seonapi"
_EXAMPLES = "for example https://10.0.0.5:8443 or https://user:password@proxy.example/base/index.php"
_ESCAPES = "in user and password, % / ? # @ : are written as %25 %2F %3F %23 %40 %3A"
_INDEX = "index.php"
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
MAX_URL = 2_000


@dataclass(frozen=True, slots=True)
class SeonapiUrl:
    """Where Seonapi is, and with what user and password a reverse proxy before it lets us through."""

    shown: str
    """`https://host:port/path` without user and password, and without a slash at its end."""
    host: str
    """A name or a literal address, as the certificate must have it."""
    path: str
    """The path below which Seonapi answers: "" or "/base"."""
    basic: tuple[bytes, bytes] | None = field(repr=False)
    """User and password for HTTP Basic."""


def read_url(text: str) -> SeonapiUrl:
    """Return what a URL means. Raises StartError with what is wrong in it and an example, and no secret."""
    text = text.strip()
    parts, port = _split(text)
    if not parts.hostname:
        raise _wrong("it names no host")
    if port == 0:
        raise _wrong("'0' is not a TCP port: 1 to 65535")
    behind = f"{parts.path}{parts.query}{parts.fragment}"
    if "@" in behind:
        # The part before it was read as host and port: a password with a '/' in it, say.
        raise _wrong(f"there is an '@' behind the host; {_ESCAPES}")
    if "?" in text or "#" in text:
        raise _wrong(f"nothing may follow its path: no '?' and no '#'; {_ESCAPES}")
    basic = _basic(parts)
    host = _host(parts.hostname, safe="@" not in text)
    path = _path(parts.path)
    return SeonapiUrl(f"https://{addresses.shown(host, port or 443)}{path}", host, path, basic)


def _wrong(what: str) -> StartError:
    return StartError(f"{_NAME}: {what}; {_EXAMPLES}")


def _split(text: str) -> tuple[SplitResult, int | None]:
    """Return the parts and the port. Raises StartError."""
    scheme, separator, _ = text.partition("://")
    if not separator or scheme.lower() != "https":
        raise _wrong("it must begin with https://")
    if len(text) > MAX_URL:
        raise _wrong(f"it has more than {MAX_URL} characters")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise _wrong("there is a blank or a control character in it, which is written as %20 or the like")
    problem = f"it cannot be read, its port or its brackets are wrong; {_ESCAPES}"
    try:
        parts = urlsplit(text)
        return parts, parts.port
    except ValueError:
        pass  # the error holds the netloc, and with it the password: it is not to be the context of ours
    raise _wrong(problem)


def _basic(parts: SplitResult) -> tuple[bytes, bytes] | None:
    """Return user and password, their escapes resolved. Raises StartError."""
    if "@" not in parts.netloc:
        return None
    given = parts.netloc.rpartition("@")[0]
    if _BAD_ESCAPE.search(given):
        raise _wrong(f"there is a % before its '@' that no two hexadecimal digits follow; {_ESCAPES}")
    user, _, password = given.partition(":")
    if not user:
        raise _wrong("there is no user before its '@'")
    name = unquote_to_bytes(user)
    if b":" in name:
        raise _wrong("its user has a ':', which HTTP Basic cannot carry")
    return name, unquote_to_bytes(password)


def _host(hostname: str, *, safe: bool) -> str:
    """Return the host in its one form. `safe`: what looks like it cannot be a part of a password."""
    try:
        return addresses.read_host(hostname)
    except addresses.AddressError as error:
        reason = str(error) if safe else f"what stands behind its '@' is no host; {_ESCAPES}"
    raise _wrong(reason)


def _path(path: str) -> str:
    """Return the path below which Seonapi answers: what is before `/index.php`, or all of it. Raises StartError."""
    before, _, last = path.rpartition("/")
    base = (before if last == _INDEX else path).rstrip("/")
    if not _PATH.fullmatch(base) or {".", ".."} & set(base.split("/")):
        raise _wrong("its path may have letters, digits and - . _ ~ between single slashes, and index.php at its end")
    return base
