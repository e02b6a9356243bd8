"""Calls to Seonapi: https, its CA known by the token, the token shown to nobody else. The only user of httpx.

SECURITY: who answers is a stranger until its CA is the one that the token names, and even then its answers are only
octets. They are bounded before they are read, a call is bounded in time however slowly they come, and whatever goes
wrong in it ends in an ApiError, also what httpx does not translate.
"""

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import Iterator
from typing import NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

import httpx
import msgspec

from seon import addresses
from seon import api_messages as a
from seon.build import this_build
from seon.client.courier.token import Token
from seon.config import FORMAT, OLDEST_FORMAT, OpenStruct, ProxyConfiguration
from seon.daemon.home import StartError
from seon.decoding import MalformedError, decode
from seon.link.messages import MAX_TRANSFER
from seon.link.versions import Side, VersionError, agreed

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
TRANSFER_SECONDS = 120.0
"""For a whole call besides what it may wait: MAX_ANSWER at half a MB/s. An answer in drops must not last for ever."""
S = TypeVar("S", bound=msgspec.Struct)
MAX_CA = 64 * 1024
MAX_ANSWER = 64 * 1024 * 1024


class ApiError(Exception):
    """A call did not work; the text says why."""


class ApiRejectedError(ApiError):
    """Seonapi does not take what was sent, and will not take it the next time either.

    Only Seonapi can say so: a 400 without its error shape comes from something between, and may be mended.
    """


class ApiRefusedError(ApiError):
    """Seonapi does not accept this client: token, user or password."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    content: bytes


class Api:
    """Seonapi as this client sees it. `https://[user:password@]host[:port]`; raises StartError for another URL."""

    def __init__(self, url: str, token: Token) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise StartError("The URL of Seonapi cannot be read; it looks like https://host:8443") from error
        if parts.scheme != "https" or not parts.hostname:
            raise StartError("The URL of Seonapi must begin with https:// and name a host")
        if port == 0:
            raise StartError("The URL of Seonapi: '0' is not a TCP port: 1 to 65535")
        self.shown = f"https://{addresses.shown(_host_of(url, parts.hostname), port or 443)}"
        self._token = token
        self._basic = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close the connections, whatever state they are in."""
        if self._client:
            with contextlib.suppress(Exception):
                await self._client.aclose()

    async def enrol(self, csr: str) -> a.Enrolled:
        """Return a link certificate for the key in a CSR. Raises ApiError, also when the versions do not fit."""
        wanted = a.Enrol(csr, this_build().short, OLDEST_FORMAT, FORMAT)
        enrolled = _decode((await self._call("POST", "enrol", wanted)).content, a.Enrolled)
        _check_format(Side("Seonapi", enrolled.build, enrolled.oldest, enrolled.newest))
        return enrolled

    async def configuration(
        self, known: int | None, wait: int, server_format: int = FORMAT
    ) -> ProxyConfiguration | None:
        """Return a configuration that is not version `known`, its server's part in no newer format than this one.

        None after `wait` seconds without one. Raises ApiError, also when the versions do not fit.
        """
        question = "" if known is None else f"known={known}&wait={wait}&"
        path = f"configuration?{question}format={FORMAT}&server_format={server_format}"
        answer = await self._call("GET", path, None, wait)
        if answer.status == 204:
            return None
        found = _decode(answer.content, _Format).format
        _check_format(Side("Seonapi", "", found, found))  # said before it is read: what we do not know is refused there
        return _decode(answer.content, ProxyConfiguration)

    async def sealed_key(self, wanted: a.SealedKeyWanted) -> a.SealedKey:
        """Return the partners' TLS key, sealed for one server. Raises ApiError."""
        return _decode((await self._call("POST", "sealed-key", wanted)).content, a.SealedKey)

    async def blob(self, name: str) -> bytes:
        """Return the octets whose SHA-256 is `name`. Raises ApiError."""
        octets = (await self._call("GET", f"blobs/{name}", None)).content
        if len(octets) > MAX_TRANSFER or hashlib.sha256(octets).hexdigest() != name:
            raise ApiError("a blob is too large or damaged")
        return octets

    async def store(self, batch: a.EventBatch) -> int:
        """Deliver events; return how many are in the journal now. Raises ApiError."""
        return _decode((await self._call("POST", "events", batch)).content, a.EventsStored).stored

    async def _call(self, method: str, path: str, body: msgspec.Struct | None, wait: float = 0.0) -> Answer:
        """Make a call whose answer may begin `wait` seconds later than others. Raises ApiError."""
        content = None if body is None else msgspec.json.encode(body)
        with _in_our_words():
            self._client = client = self._client or await self._first_contact()
            timeout = httpx.Timeout(ANSWER_SECONDS + wait, connect=CONNECT_SECONDS)
            async with (
                asyncio.timeout(TRANSFER_SECONDS + wait),
                client.stream(method, path, content=content, timeout=timeout) as response,
            ):
                answer = Answer(response.status_code, await _at_most(response, MAX_ANSWER))
        if len(answer.content) > MAX_ANSWER:
            raise ApiError("the answer is too long")
        if answer.status < 300:
            return answer
        problem = _problem(answer)
        text = problem or f"it answered with status {answer.status}"
        if answer.status == 401:
            raise ApiRefusedError(text)
        if answer.status == 413 or (answer.status == 400 and problem):
            raise ApiRejectedError(text)
        raise ApiError(text)

    async def _first_contact(self) -> httpx.AsyncClient:
        """Get the API's CA without showing anything, compare it with the token, and only then trust it."""
        base = self.shown + a.PATH
        async with (
            asyncio.timeout(ANSWER_SECONDS),
            httpx.AsyncClient(verify=False, timeout=CONNECT_SECONDS, trust_env=False) as stranger,  # noqa: S501
            stranger.stream("GET", base + "ca", headers={"Accept-Encoding": "identity"}) as response,
        ):
            octets = await _at_most(response, MAX_CA)
        if response.status_code != 200:
            raise ApiError(f"it answered with status {response.status_code}")
        if len(octets) > MAX_CA:
            raise ApiRefusedError("what answers there is not Seonapi")
        context = _trusting(octets.decode("ascii", "replace"), self._token.ca_fingerprint)
        headers = {
            a.TOKEN_HEADER: self._token.secret,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # an answer is bounded by the octets that come, so nothing inflates them
        }
        return httpx.AsyncClient(verify=context, base_url=base, headers=headers, auth=self._basic, trust_env=False)


class _Format(OpenStruct, frozen=True):
    format: a.Number


def _check_format(seonapi: Side) -> None:
    try:
        agreed("configuration format", Side("the client", this_build().short, OLDEST_FORMAT, FORMAT), seonapi)
    except VersionError as error:
        raise ApiError(str(error)) from None


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    """Turn whatever goes wrong in a call into an ApiError: the one place for that.

    httpx translates what its authors thought of. Through it come ssl.SSLError out of a running connection, OSError,
    errors of anyio and h11, of decoding, ValueError for odd headers: all of them mean that the call did not work.
    """
    try:
        yield
    except ApiError:
        raise
    except Exception as error:
        raise ApiError(_words(error)) from error


def _host_of(url: str, hostname: str) -> str:
    try:
        return addresses.read_host(hostname)
    except addresses.AddressError as error:
        # With user and password, what looks like the host may be the rest of a password that holds a '/', say.
        safe = "it names no host; in user and password / ? # @ : are written as %2F %3F %23 %40 %3A"
        raise StartError(f"The URL of Seonapi: {safe if '@' in url else error}") from None


async def _at_most(response: httpx.Response, most: int) -> bytes:
    """Return the octets of an answer; of one that has more than `most`, as many as show that it has."""
    octets = bytearray()
    async for part in response.aiter_raw():
        octets += part
        if len(octets) > most:
            break
    return bytes(octets)


def _trusting(pem: str, fingerprint: str) -> ssl.SSLContext:
    try:
        der = ssl.PEM_cert_to_DER_cert(pem)
    except ValueError as error:
        raise ApiRefusedError("what answers there is not Seonapi") from error
    if hashlib.sha256(der).hexdigest() != fingerprint:
        raise ApiRefusedError("its CA is not the one the token names: a wrong address, or somebody in between")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=pem)
    return context


def _decode(content: bytes, kind: type[S]) -> S:
    try:
        return decode(msgspec.json.Decoder(kind), content)
    except MalformedError as error:
        raise ApiError(f"its answer cannot be understood ({error}); are both of the same version?") from error


def _problem(answer: Answer) -> str:
    """Return what Seonapi says is wrong, "" if that is not what the answer is."""
    try:
        return decode(msgspec.json.Decoder(a.Problem), answer.content[:10_000]).error[:300]
    except MalformedError:
        return ""


def _words(error: Exception) -> str:
    if isinstance(error, (httpx.TimeoutException, TimeoutError)):
        return str(error) or "no answer in time"
    return str(error) or type(error).__name__
