"""One download: bounded in octets and time, and every address that it goes to is checked. Knows no database.

It runs in a thread. Another thread can cut it off at any moment (`Line.cut`), but for the resolving of a name.
"""

import http.client
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from seon.addresses import shown
from seon.backend.revocation.destinations import (
    DownloadError,
    Net,
    Target,
    literal,
    permitted,
    redirected,
    refusal,
    resolve,
    target_of,
)
from seon.pki.lists import MAX_LIST

IN_MEMORY = 1024 * 1024
"""Octets of one download that stay in memory; more go to a file without a name."""
_PART = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)

Say = Callable[[str], None]
"""Gets each step, in words."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds one download. Times are seconds."""

    connect: float = 10.0
    """For each address that is tried."""
    silence: float = 10.0
    """Without an octet."""
    total: float = 300.0
    octets: int = MAX_LIST
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be fetched, and by which way."""

    url: str
    etag: str = ""
    modified: str = ""
    """What the server called the version that is there already; both empty: there is none."""
    proxy: tuple[str, int] | None = None
    networks: Sequence[Net] = ()
    """Networks that are not public and may be gone to."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What has come."""

    body: IO[bytes] | None
    """None: what is there already has not changed."""
    etag: str = ""
    modified: str = ""


class Line:
    """The connection of one download, as another thread may cut it off."""

    def __init__(self) -> None:
        self.reason = ""
        """Why it was cut off; empty: it was not."""
        self._held: socket.socket | None = None
        self._lock = threading.Lock()

    def hold(self, connection: socket.socket) -> None:
        """Hold a connection: a duplicate of it, since TLS takes the socket itself. Raises DownloadError."""
        self.let_go()
        with self._lock:
            self.check()
            self._held = connection.dup()

    def cut(self, reason: str) -> None:
        """End the download now."""
        with self._lock:
            self.reason = self.reason or reason
            if self._held is not None:
                with suppress(OSError):
                    self._held.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Raise DownloadError if it was cut off."""
        if self.reason:
            raise DownloadError(self.reason)

    def let_go(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            held.close()


def fetch(wanted: Wanted, line: Line, say: Say, limits: Limits | None = None) -> Fetched:
    """Fetch what is wanted, through redirects. Raises DownloadError."""
    limits = limits or Limits()
    timer = threading.Timer(limits.total, line.cut, [f"it took longer than {limits.total:g} s"])
    timer.daemon = True
    timer.start()
    try:
        return _followed(wanted, line, say, limits)
    except Exception as error:
        line.check()
        raise DownloadError(_words(error, limits)) from error
    finally:
        timer.cancel()
        line.let_go()


def _words(error: Exception, limits: Limits) -> str:
    """Say what went wrong on the way."""
    match error:
        case DownloadError():
            return str(error)
        case TimeoutError():
            return f"no answer for {limits.silence:g} s"
        case ssl.SSLCertVerificationError():
            return f"the certificate of the https server is not trusted here: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or error}"
        case OSError():
            return f"the connection broke: {error.strerror or error}"
        case http.client.HTTPException():
            return f"the answer is no HTTP: {type(error).__name__}"
    raise error


def _followed(wanted: Wanted, line: Line, say: Say, limits: Limits) -> Fetched:
    url = wanted.url
    for _ in range(limits.redirects + 1):
        connection = _connection(target := target_of(url), wanted, line, say, limits)
        try:
            connection.request("GET", target.url if _by_proxy(target, wanted) else target.path, headers=_asked(wanted))
            with connection.getresponse() as answer:
                say(f"answer {answer.status} {answer.reason[:100]}")
                if answer.status not in _REDIRECTS:
                    return _taken(answer, wanted, line, say, limits)
                url = redirected(url, answer.getheader("Location", ""))
            say(f"redirected to {url}")
        finally:
            connection.close()
    raise DownloadError(f"more than {limits.redirects} redirects")


def _asked(wanted: Wanted) -> dict[str, str]:
    said = {"If-None-Match": wanted.etag, "If-Modified-Since": wanted.modified}
    return {"User-Agent": "seon-smartproxy", "Connection": "close", **{key: text for key, text in said.items() if text}}


def _by_proxy(target: Target, wanted: Wanted) -> bool:
    """Whether a proxy is asked for the whole address; for https it only makes a tunnel."""
    return wanted.proxy is not None and target.scheme == "http"


def _trust() -> ssl.SSLContext:
    """Return what https servers are verified by. From Python 3.13 on the strict rules of RFC 5280 would be added.

    CAs of companies break these, and which Python runs must not decide; the list itself is signed.
    """
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _connection(target: Target, wanted: Wanted, line: Line, say: Say, limits: Limits) -> http.client.HTTPConnection:
    """Return a connection that goes to checked addresses only: nothing resolves the name a second time."""
    line.check()
    if wanted.proxy is not None:
        address = literal(target.host)
        if address is not None and not permitted(address, wanted.networks):
            raise DownloadError(refusal(target.host, [target.host]))
    host, port = wanted.proxy or (target.host, target.port)
    addresses = resolve(host, port, None if wanted.proxy else wanted.networks)
    if target.scheme == "https":
        made: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=limits.silence, context=_trust()
        )
        if wanted.proxy is not None:
            made.set_tunnel(target.host, target.port)
    else:
        made = http.client.HTTPConnection(host, port, timeout=limits.silence)
    # The one place where http.client makes a socket; a test proves that it is asked for every connection.
    made._create_connection = lambda *_: _dialled(addresses, line, say, limits)  # type: ignore[attr-defined]
    return made


def _dialled(addresses: Sequence[tuple[str, int]], line: Line, say: Say, limits: Limits) -> socket.socket:
    problem = ""
    for host, port in addresses:
        line.check()
        say(f"connecting to {shown(host, port)}")
        try:
            connection = socket.create_connection((host, port), limits.connect)
        except OSError as error:
            why = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
            problem = f"{shown(host, port)} cannot be reached: {why}"
            continue
        connection.settimeout(limits.silence)
        line.hold(connection)
        return connection
    raise DownloadError(problem)


def _taken(answer: http.client.HTTPResponse, wanted: Wanted, line: Line, say: Say, limits: Limits) -> Fetched:
    """Return what an answer brings. Raises DownloadError."""
    if answer.status == 304 and (wanted.etag or wanted.modified):
        return Fetched(None, wanted.etag, wanted.modified)
    if answer.status != 200:
        raise DownloadError(f"the web server answers {answer.status} {answer.reason[:100]}".rstrip())
    coding = answer.getheader("Content-Encoding", "identity").strip().lower()
    if coding not in {"", "identity"}:
        raise DownloadError(f"it comes compressed ({coding[:40]}), which was not asked for")
    declared = answer.length
    if declared is not None and declared > limits.octets:
        raise DownloadError(f"it has {declared} octets; there can be {limits.octets}")
    body, octets = tempfile.SpooledTemporaryFile(IN_MEMORY), 0  # noqa: SIM115 - whoever takes it closes it
    try:
        while part := answer.read(_PART):
            octets += len(part)
            if octets > limits.octets:
                raise DownloadError(f"it has more than {limits.octets} octets")
            body.write(part)
            line.check()
            if octets % (4 * 1024 * 1024) < len(part):
                say(f"{octets // (1024 * 1024)} MiB")
        line.check()
        if declared is not None and octets < declared:
            raise DownloadError(f"it was cut off: {octets} of {declared} octets came")
    except BaseException:
        body.close()
        raise
    say(f"{octets} octets")
    body.seek(0)
    return Fetched(body, answer.getheader("ETag", ""), answer.getheader("Last-Modified", ""))
