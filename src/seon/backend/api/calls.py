"""The calls. Each is: admit the caller, decode a typed message, ask one function of the models, answer."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import msgspec
from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from seon.api_messages import (
    MAX_BODY,
    MAX_WAIT,
    CrlUrls,
    Enrol,
    Enrolled,
    EventBatch,
    EventsStored,
    SealedKeyWanted,
)
from seon.backend.api.access import admit
from seon.backend.api.problems import Call, RefusedError, answer, encoded_answer, log, problem_of
from seon.backend.api.waiting import watch
from seon.backend.configuration.versioned import read_version
from seon.backend.journal.recording import store
from seon.backend.snapshot import encoded_snapshot
from seon.backend.trust.authorities import Kind, certificate_of, link_authority
from seon.backend.trust.crl_urls import remember
from seon.backend.trust.models import Blob, OwnCertificate
from seon.backend.trust.own import private_key_of
from seon.link.identity import IdentityError, issue_client_certificate
from seon.link.sealing import seal
from seon.pki import Certificate, pem_of

Message = TypeVar("Message", bound=msgspec.Struct)


def call(method: str) -> Callable[[Call], Call]:
    """Make a function of a request a call of the API: its method only, and every refusal as a `Problem`."""

    def decorate(function: Call) -> Call:
        @csrf_exempt  # no cookie counts here, only the token
        @wraps(function)
        def view(request: HttpRequest, **arguments: str) -> HttpResponse:
            try:
                _check_method(request, method)
                return function(request, **arguments)
            except Exception as error:  # the one border where everything becomes a Problem
                return problem_of(request, error)

        return view

    return decorate


@call("GET")
def ca(_: HttpRequest) -> HttpResponse:
    """Answer the API's CA certificate: the only call without a token, compared by the client with its token's hash."""
    return HttpResponse(pem_of(certificate_of(Kind.API)), content_type="application/x-pem-file")


@call("POST")
def enrol(request: HttpRequest) -> HttpResponse:
    """Answer a link certificate for the key in the CSR."""
    caller, wanted = admit(request), _decode(request, Enrol)
    proxy_ids = caller.token.servable()
    if not proxy_ids:
        raise RefusedError(
            409, "No server with a license in force for this token: run `seonapi license issue PROXY_ID`"
        )
    try:
        issued = issue_client_certificate(*link_authority(), wanted.csr, proxy_ids)
    except IdentityError as error:
        raise RefusedError(400, str(error)) from None
    log.info("Token %s enrolled from %s, for %d servers", caller.token, caller.address, len(proxy_ids))
    return answer(_enrolled(issued, proxy_ids))


def _enrolled(issued: Certificate, proxy_ids: list[str]) -> Enrolled:
    return Enrolled(
        certificate=pem_of(issued),
        link_ca=pem_of(certificate_of(Kind.LINK)),
        proxy_ids=tuple(proxy_ids),
        not_after=int(issued.not_valid_after_utc.timestamp()),
    )


@csrf_exempt
async def configuration(request: HttpRequest) -> HttpResponse:
    """Answer the configuration when it is another than the known one, or 204 when nothing changed in the time."""
    try:
        _check_method(request, "GET")
        await sync_to_async(admit)(request)
        known, wait = _number(request, "known", 2**63 - 1), _number(request, "wait", MAX_WAIT)
        if await sync_to_async(read_version)() == known and not await watch.wait_for_other(known, wait):
            return HttpResponse(status=204)
        return await sync_to_async(_current)(request)
    except Exception as error:  # as in `call`
        return problem_of(request, error)


def _current(request: HttpRequest) -> HttpResponse:
    # Admitted again: what changed while the caller waited may be that its token was withdrawn.
    return encoded_answer(encoded_snapshot(admit(request).address))


@call("POST")
def sealed_key(request: HttpRequest) -> HttpResponse:
    """Answer the key of the company's certificate, sealed to a server's ephemeral key."""
    caller, wanted = admit(request), _decode(request, SealedKeyWanted)
    if wanted.proxy_id not in caller.token.servable():
        raise RefusedError(403, f"No license in force for {wanted.proxy_id}, or this token may not serve it")
    own = OwnCertificate.objects.filter(fingerprint=wanted.certificate_id).first()
    if own is None:
        raise RefusedError(404, "There is no own certificate with this id")
    try:
        sealed = seal(wanted, private_key_of(own))
    except IdentityError as error:
        raise RefusedError(403, str(error)) from None
    log.info("Key of certificate %s sealed for %s, by token %s", own.fingerprint, wanted.proxy_id, caller.token)
    return answer(sealed)


@call("POST")
def events(request: HttpRequest) -> HttpResponse:
    """Store a batch of events, each once."""
    caller, batch = admit(request), _decode(request, EventBatch)
    return answer(EventsStored(stored=store(batch.events, caller.token.name)))


@call("POST")
def crl_urls(request: HttpRequest) -> HttpResponse:
    """Remember CRL distribution points for the queue daemon."""
    admit(request)
    remember(_decode(request, CrlUrls).urls)
    return HttpResponse(status=204)


@call("GET")
def blob(request: HttpRequest, sha256: str) -> HttpResponse:
    """Answer the octets with this SHA-256."""
    admit(request)
    found = Blob.objects.filter(pk=sha256).first()
    if found is None:
        raise RefusedError(404, "There is no blob with this SHA-256")
    return HttpResponse(bytes(found.octets), content_type="application/octet-stream")


def _check_method(request: HttpRequest, method: str) -> None:
    if request.method != method:
        raise RefusedError(405, f"This call is a {method}")


def _decode(request: HttpRequest, kind: type[Message]) -> Message:
    try:
        return msgspec.json.decode(request.body, type=kind)
    except RequestDataTooBig:
        raise RefusedError(413, f"A body has at most {MAX_BODY} octets") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(400, f"The body is not a valid {kind.__name__}: {error}") from None


def _number(request: HttpRequest, name: str, most: int) -> int:
    text = request.GET.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= most):
        raise RefusedError(400, f"{name} must be a whole number from 0 to {most}")
    return int(text)
