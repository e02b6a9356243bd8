"""Calls to Seonapi: https, its CA known by the token, the token shown to nobody else. The only user of httpx.

SECURITY: who answers is a stranger until its CA is the one that the token names, and even then its answers are only
octets. They are bounded before they are read, a call is bounded in time however slowly they come, and whatever goes
wrong in it ends in an ApiError, also what httpx does not translate.
"""

import asyncio
import contextlib
import hashlib
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple, TypeVar

import httpx
import msgspec

from seon import api_messages as a
from seon.build import this_build
from seon.client.courier import causes
from seon.client.courier.token import Token
from seon.client.courier.url import read_url
from seon.config import FORMAT, OLDEST_FORMAT, OpenStruct, ProxyConfiguration
from seon.decoding import MalformedError, decode
from seon.link.messages import MAX_TRANSFER
from seon.link.versions import Side, VersionError, agreed

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
TRANSFER_SECONDS = 120.0
"""For a whole call besides what it may wait: MAX_ANSWER at half a MB/s. An answer in drops must not last for ever."""
S = TypeVar("S", bound=msgspec.Struct)
Body = msgspec.Struct | msgspec.Raw | None
LIVE_SECONDS = 10.0
"""For a call that says what runs: what it says is old then."""
MAX_CA = 64 * 1024
MAX_ANSWER = 64 * 1024 * 1024


class ApiError(Exception):
    """A call did not work; the text says why."""


class ApiRejectedError(ApiError):
    """Seonapi does not take what was sent, and will not take it the next time either.

    Only Seonapi can say so: a 400 without its error shape comes from something between, and may be mended.
    """


class ApiConflictError(ApiError):
    """What Seonapi knows does not fit what was said."""


class ApiRefusedError(ApiError):
    """Seonapi, or a reverse proxy before it, does not accept this client: token, user or password."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    content: bytes
    challenge: str
    """The header WWW-Authenticate; "" if there is none."""


class Api:
    """Seonapi as this client sees it, by the URL that `read_url` describes. Raises StartError for another."""

    def __init__(self, url: str, token: Token) -> None:
        where = read_url(url)
        self.shown = where.shown
        """Its URL without user and password."""
        self._host, self._basic = where.host, where.basic
        self._path = where.path + a.PATH
        self._token = token
        self._leaf = b""
        """The https certificate that was shown at first contact, DER: only to say what is wrong with it."""
        self._client: httpx.AsyncClient | None = None
        self.tell: Callable[[str], Awaitable[None]] = _to_nobody
        """Is told of each call, with its result and its time."""

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
        return _configuration(await self._ask_for_configuration(known, wait, server_format))

    async def orders_or_configuration(
        self, known: int | None, wait: int, server_format: int
    ) -> a.Orders | ProxyConfiguration | None:
        """Return the same, or orders as soon as there are any. Raises ApiError."""
        answer = await self._ask_for_configuration(known, wait, server_format, "orders=1&")
        return _decode(answer.content, a.Orders) if answer.status == 202 else _configuration(answer)

    async def _ask_for_configuration(self, known: int | None, wait: int, server_format: int, more: str = "") -> Answer:
        question = "" if known is None else f"known={known}&wait={wait}&"
        path = f"configuration?{question}{more}format={FORMAT}&server_format={server_format}"
        return await self._call("GET", path, None, wait)

    async def live(self, state: a.LiveState | a.LiveUnchanged) -> bool:
        """Say what runs; False if Seonapi does not know that state: say all of it. Raises ApiError."""
        try:
            async with asyncio.timeout(LIVE_SECONDS):
                await self._call("POST", "live", state)
        except ApiConflictError:
            return False
        except TimeoutError:
            raise ApiError("no answer in time") from None
        return True

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

    async def post(self, call: str, body: msgspec.Raw) -> None:
        """Make a call that answers nothing. Raises ApiError."""
        await self._call("POST", call, body)

    async def _call(self, method: str, path: str, body: Body, wait: float = 0.0) -> Answer:
        """Make a call whose answer may begin `wait` seconds later than others, and tell of it. Raises ApiError."""
        began, how = time.monotonic(), "not answered"
        try:
            answer = await self._ask(method, path, body, wait)
            how = f"status {answer.status}, {len(answer.content):,} octets"
        except ApiError as error:
            how = str(error)
            raise
        finally:
            await self.tell(f"{method} {path}: {how}, {(time.monotonic() - began) * 1_000:.0f} ms")
        return answer

    async def _ask(self, method: str, path: str, body: Body, wait: float) -> Answer:
        content = None if body is None else msgspec.json.encode(body)
        with self._in_our_words():
            self._client = client = self._client or await self._first_contact()
            timeout = httpx.Timeout(ANSWER_SECONDS + wait, connect=CONNECT_SECONDS)
            async with (
                asyncio.timeout(TRANSFER_SECONDS + wait),
                client.stream(method, path, content=content, timeout=timeout) as response,
            ):
                challenge = response.headers.get("WWW-Authenticate", "")
                answer = Answer(response.status_code, await _at_most(response, MAX_ANSWER), challenge)
        if len(answer.content) > MAX_ANSWER:
            raise ApiError("the answer is too long")
        if answer.status < 300:
            return answer
        raise self._refusal(answer)

    def _refusal(self, answer: Answer) -> ApiError:
        """Return what an answer means that is none of those asked for: Seonapi's own words, or ours for others'."""
        problem = _problem(answer)
        if answer.status == 401:
            return ApiRefusedError(problem or causes.of_challenge(answer.challenge, gave_password=bool(self._basic)))
        text = problem or causes.of_status(answer.status)
        if answer.status == 413 or (answer.status == 400 and problem):
            return ApiRejectedError(text)
        return ApiConflictError(text) if answer.status == 409 else ApiError(text)

    async def _first_contact(self) -> httpx.AsyncClient:
        """Get the API's CA without showing anything, compare it with the token, and only then trust it."""
        base = self.shown + a.PATH
        async with (
            asyncio.timeout(ANSWER_SECONDS),
            httpx.AsyncClient(verify=False, timeout=CONNECT_SECONDS, trust_env=False) as stranger,  # noqa: S501
            stranger.stream("GET", base + "ca", headers={"Accept-Encoding": "identity"}) as response,
        ):
            chain = causes.chain_of(response.extensions["network_stream"].get_extra_info("ssl_object"))
            octets = await _at_most(response, MAX_CA)
        self._leaf = chain[0] if chain else b""
        context = _trusting(self._authority(response.status_code, octets, chain), self._token.ca_fingerprint)
        headers = {
            a.TOKEN_HEADER: self._token.secret,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # an answer is bounded by the octets that come, so nothing inflates them
        }
        return httpx.AsyncClient(verify=context, base_url=base, headers=headers, auth=self._basic, trust_env=False)

    def _authority(self, status: int, octets: bytes, chain: list[bytes]) -> str:
        """Return what may be the API CA's certificate, PEM: the answer, or what the handshake has shown of it.

        A reverse proxy may demand a password for every path, and Seonapi refuses a host that it has no name of. What is
        returned is compared with the token in any case.
        """
        if status != 200:
            for der in chain:
                if hashlib.sha256(der).hexdigest() == self._token.ca_fingerprint:
                    return ssl.DER_cert_to_PEM_cert(der)
        if status == 401:
            raise ApiRefusedError(causes.hidden_authority(self._path + "ca"))
        if status != 200:
            names = causes.names_of(self._leaf) if status == 400 else []
            unknown = names and self._host not in names
            raise ApiError(causes.wrong_name(self._host, names) if unknown else causes.of_status(status))
        if len(octets) > MAX_CA:
            raise ApiRefusedError("what answers there is not Seonapi")
        return octets.decode("ascii", "replace")

    @contextlib.contextmanager
    def _in_our_words(self) -> Iterator[None]:
        """Turn whatever goes wrong in a call into an ApiError: the one place for that.

        httpx translates what its authors thought of. Through it come ssl.SSLError out of a running connection, OSError,
        errors of anyio and h11, of decoding, ValueError for odd headers: all of them mean that the call did not work.
        """
        try:
            yield
        except ApiError:
            raise
        except Exception as error:
            known = causes.of_certificate(error, self._host, self._leaf) or causes.of_connecting(error)
            raise ApiError(known or _words(error)) from error


class _Format(OpenStruct, frozen=True):
    format: a.Number


def _configuration(answer: Answer) -> ProxyConfiguration | None:
    """Return the configuration in an answer, None if there is none. Raises ApiError."""
    if answer.status == 204:
        return None
    found = _decode(answer.content, _Format).format
    _check_format(Side("Seonapi", "", found, found))  # said before it is read: what we do not know is refused there
    return _decode(answer.content, ProxyConfiguration)


async def _to_nobody(_: str) -> None:
    """Tell nobody."""


def _check_format(seonapi: Side) -> None:
    try:
        agreed("configuration format", Side("the client", this_build().short, OLDEST_FORMAT, FORMAT), seonapi)
    except VersionError as error:
        raise ApiError(str(error)) from None


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
