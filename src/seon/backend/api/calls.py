"""The calls. Each says who may call it, decodes a typed message, asks one function of the models, and answers."""

from contextlib import suppress
from typing import TypeVar

import msgspec
from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from seon.api_messages import (
    MAX_BODY,
    MAX_NUMBER,
    MAX_WAIT,
    CrlSources,
    Enrol,
    Enrolled,
    EventBatch,
    EventsStored,
    LiveState,
    LiveUnchanged,
    Orders,
    OrdersDone,
    RefusedCertificate,
    SealedKeyWanted,
)
from seon.backend.api.access import Caller, admit, anybody_may, clients_may
from seon.backend.api.problems import RefusedError, answer, encoded_answer, log, problem
from seon.backend.api.waiting import Reading, take_reading, watch
from seon.backend.configuration.versioned import read_version
from seon.backend.journal.recording import store
from seon.backend.live.keeping import keep, still_holds
from seon.backend.live.orders import Place, acknowledge, fetch
from seon.backend.proxies.unknown import tell_unknown
from seon.backend.refused.recording import remember as remember_refused
from seon.backend.rendering import Formats, fit, seonapi
from seon.backend.revocation.places import remember
from seon.backend.snapshot import encoded_snapshot
from seon.backend.trust.authorities import Kind, certificate_of, link_authority
from seon.backend.trust.licenses import serials_in_force
from seon.backend.trust.models import Blob, OwnCertificate
from seon.backend.trust.own import private_key_of
from seon.config import FORMAT
from seon.decoding import MalformedError, decode
from seon.link.identity import IdentityError, issue_client_certificate
from seon.link.sealing import seal
from seon.pki import Certificate, PkiError, pem_of

Message = TypeVar("Message", bound=msgspec.Struct)


@anybody_may("GET")
def ca(_: HttpRequest) -> HttpResponse:
    """Answer the API's CA certificate: the only call without a token, compared by the client with its token's hash."""
    return HttpResponse(pem_of(certificate_of(Kind.API)), content_type="application/x-pem-file")


@clients_may("POST")
def enrol(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Answer a link certificate for the key in the CSR."""
    wanted = _decode(request, Enrol)
    fit(wanted.build, wanted.oldest, wanted.newest)
    proxy_ids = caller.token.servable()
    if not proxy_ids:
        raise RefusedError(
            409, "No server with a license in force for this token: run `seonapi license issue PROXY_ID`"
        )
    try:
        issued = issue_client_certificate(*link_authority(), wanted.csr, proxy_ids, mark=caller.mark)
    except IdentityError as error:
        raise RefusedError(400, str(error)) from None
    log.info("Token %s enrolled from %s, for %d servers", caller.token, caller.address, len(proxy_ids))
    return answer(_enrolled(issued, proxy_ids, serials_in_force(caller.token.allowed())))


def _enrolled(issued: Certificate, proxy_ids: list[str], licenses: tuple[str, ...]) -> Enrolled:
    ours = seonapi()
    return Enrolled(
        certificate=pem_of(issued),
        link_ca=pem_of(certificate_of(Kind.LINK)),
        proxy_ids=tuple(proxy_ids),
        not_after=int(issued.not_valid_after_utc.timestamp()),
        build=ours.build,
        oldest=ours.oldest,
        newest=ours.newest,
        licenses=licenses,
    )


@clients_may("GET")
async def configuration(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Answer the orders that wait for a caller that asks for them, else the configuration when it is not the known one.

    204 when nothing of this happened in the time. It waits no longer than the caller's token counts, so that a client
    is told at once that it has expired.
    """
    known, wait = _number(request, "known", 2**63 - 1), _number(request, "wait", MAX_WAIT)
    formats = Formats(*(_number(request, name, MAX_NUMBER, FORMAT) for name in ("format", "server_format")))
    place = _place(caller) if _number(request, "orders", 1) else None
    if not (await sync_to_async(_reading)()).is_news(known, place):
        seconds = min(wait, caller.seconds_left())
        if not await watch.wait_for_news(known, seconds, place) and seconds == wait:
            return HttpResponse(status=204)
    return await sync_to_async(_current)(request, known, formats, orders=place is not None)


def _place(caller: Caller) -> Place:
    return Place(caller.token.pk, caller.address)


def _reading() -> Reading:
    try:
        return take_reading()
    finally:
        connection.close()  # who waits next must not hold a connection meanwhile: PostgreSQL has 100


def _current(request: HttpRequest, known: int, formats: Formats, *, orders: bool) -> HttpResponse:
    # Admitted again: what changed while the caller waited may be that its token was withdrawn, or has expired.
    caller = admit(request)
    if orders:
        waiting = fetch(_place(caller))
        if waiting:
            return answer(Orders(waiting), 202)
        if read_version() == known:  # another of its calls has fetched them
            return HttpResponse(status=204)
    answered = encoded_answer(encoded_snapshot(caller.address, formats, caller.token))
    with suppress(DatabaseError):  # a database that is busy, or cannot be written, is no reason to answer nothing
        tell_unknown(caller.address, caller.token.name)
    return answered


@clients_may("POST")
def sealed_key(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Answer the key of the company's certificate, sealed to a server's ephemeral key."""
    wanted = _decode(request, SealedKeyWanted)
    if wanted.proxy_id not in caller.token.servable():
        raise RefusedError(
            403,
            f"No license in force for {wanted.proxy_id}, or this token may not serve it: "
            f"run `seonapi license issue {wanted.proxy_id}`",
        )
    # One that was in use before, too: the switch may be just now. A key that was never used nobody needs yet.
    usable = OwnCertificate.objects.select_related("key").filter(Q(in_use=True) | Q(used_at__isnull=False))
    own = usable.filter(fingerprint=wanted.certificate_id).first()
    if own is None:
        raise RefusedError(404, "There is no own certificate with this id in use")
    try:
        sealed = seal(wanted, private_key_of(own))
    except IdentityError as error:
        raise RefusedError(403, str(error)) from None
    log.info("Key of certificate %s sealed for %s, by token %s", own.fingerprint, wanted.proxy_id, caller.token)
    return answer(sealed)


@clients_may("POST")
def events(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Store a batch of events, each once."""
    batch = _decode(request, EventBatch)
    return answer(EventsStored(stored=store(batch.events, caller.token.name)))


@clients_may("POST")
def crl_sources(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Remember CRL distribution points for the queue daemon."""
    remember(_decode(request, CrlSources).sources, caller.token.name)
    return HttpResponse(status=204)


@clients_may("POST")
def refused(request: HttpRequest, _: Caller) -> HttpResponse:
    """Keep a certificate that a server has refused."""
    try:
        remember_refused(_decode(request, RefusedCertificate))
    except PkiError as error:
        raise RefusedError(400, f"This is no certificate: {error}") from None
    return HttpResponse(status=204)


@clients_may("POST")
def live(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Keep what runs at a client, or that it is as before."""
    if _is_whole(request):
        keep(caller.token, caller.address, _decode(request, LiveState))
    elif not still_holds(caller.token, caller.address, _decode(request, LiveUnchanged)):
        raise RefusedError(409, "This state is not known here: send all of it")
    return HttpResponse(status=204)


@clients_may("POST")
def orders_done(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Take what became of orders."""
    acknowledge(_place(caller), _decode(request, OrdersDone).orders)
    return HttpResponse(status=204)


@clients_may("GET")
def blob(_: HttpRequest, __: Caller, sha256: str) -> HttpResponse:
    """Answer the octets with this SHA-256."""
    found = Blob.objects.filter(pk=sha256).first()
    if found is None:
        raise RefusedError(404, "There is no blob with this SHA-256")
    return HttpResponse(bytes(found.octets), content_type="application/octet-stream")


@anybody_may(None)
def no_such_call(request: HttpRequest, **_: str) -> HttpResponse:
    """Answer a path that is not there."""
    return problem(404, f"There is no call {request.path}")


def _decode(request: HttpRequest, kind: type[Message]) -> Message:
    try:
        return decode(msgspec.json.Decoder(kind), _body(request))
    except MalformedError as error:
        raise RefusedError(400, f"The body is not a valid {kind.__name__}: {error}") from None


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        raise RefusedError(413, f"A body has at most {MAX_BODY} octets") from None


def _is_whole(request: HttpRequest) -> bool:
    """Whether a body of `live` is to be a `LiveState`, not a `LiveUnchanged`: only the former has a beginning."""
    try:
        return "since" in decode(_MEMBERS, _body(request))
    except MalformedError:
        return True


_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _number(request: HttpRequest, name: str, most: int, default: int = 0) -> int:
    text = request.GET.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= most):
        raise RefusedError(400, f"{name} must be a whole number from 0 to {most}")
    return int(text)
