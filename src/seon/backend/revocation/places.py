"""Where lists are to be had: what servers report, and what the certificates of trust anchors name; in bounds."""

import hashlib
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from seon import pki
from seon.api_messages import CrlSource
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.queue.models import Job
from seon.backend.revocation.destinations import DownloadError, target_of
from seon.backend.revocation.models import CrlIssuer, CrlUrl
from seon.backend.trust.models import ChainCertificate
from seon.events import shown
from seon.pki import Certificate, PkiError
from seon.pki.lists import points_of

MOST = 1_000
"""Places at most. Their addresses come from certificates, and partners choose those."""
MOST_OF_ISSUER = 50
MOST_RSA_BITS = 8_192
LONGEST_PEM = 12_000
"""Octets of a CA's certificate in PEM: each list brings one to the servers."""
KEPT_UNSEEN = timedelta(days=400)
"""A place that no server has reported for so long is forgotten."""
PUSHED_OUT_AFTER = timedelta(days=7)
"""One with a list gives way to a new one if it was not reported for so long."""
_DAY = timedelta(days=1)
JOB = "crls"

log = logging.getLogger("seon.api")


def remember(sources: Iterable[CrlSource], reported_by: str) -> None:
    """Keep what a server has reported. What is new is fetched at once."""
    new = False
    for source in sources:
        try:
            issuer = pki.certificate_in_der(source.issuer)
            new |= _keep(source.url, issuer, reported_by=reported_by)
        except (PkiError, DownloadError, OperatorError) as error:
            log.warning("CRL address not kept: %s: %s", shown(source.url), shown(error))
    if new:
        Job.objects.filter(name=JOB).update(asked_for=True)


def identity_of(certificate: Certificate) -> str:
    """Return what a CA is known by, from its name and key. Raises PkiError for one that cannot check signatures."""
    key = pki.public_key_of(certificate)
    if getattr(key, "key_size", 0) > MOST_RSA_BITS:
        raise PkiError(f"its CA has a key of more than {MOST_RSA_BITS} bits")
    try:
        name = certificate.subject.public_bytes()
    except Exception as error:  # as in pki
        raise PkiError("the name of its CA cannot be read") from error
    return hashlib.sha256(name + pki.key_digest(key).encode()).hexdigest()


def issuer_of(certificate: Certificate, *, is_ours: bool = False) -> CrlIssuer:
    """Return the row of a CA, made if there is none. Raises PkiError.

    Its certificate stays until it has expired: anybody can make another one of the same name and key. `is_ours`: an
    administrator has given this one, so it is the better one.
    """
    pem = pki.pem_of(certificate)
    if len(pem) > LONGEST_PEM:
        raise PkiError(f"the certificate of its CA has more than {LONGEST_PEM} octets")
    stated = {"pem": pem, "subject": pki.subject_of(certificate)}
    row, is_new = CrlIssuer.objects.get_or_create(identity=identity_of(certificate), defaults=stated)
    if not is_new and row.pem != pem and (is_ours or _has_expired(row, timezone.now())):
        # Its lists are checked by the same key, so what is in force stays as it is: no new version.
        CrlIssuer.objects.filter(pk=row.pk).update(**stated)
        row.refresh_from_db()
    return row


def _has_expired(row: CrlIssuer, now: datetime) -> bool:
    return pki.certificate_in_pem(row.pem).not_valid_after_utc < now


@transaction.atomic
def _keep(url: str, certificate: Certificate, *, reported_by: str = "", of_anchor: bool = False) -> bool:
    """Keep a place; whether it is new. Raises DownloadError, PkiError, and OperatorError where there is no room."""
    target_of(url)
    now = timezone.now()
    mine = CrlUrl.objects.filter(issuer__identity=identity_of(certificate), url=url)
    if mine.exists():
        mine.filter(last_seen__lt=now - _DAY).update(last_seen=now)
        if of_anchor:
            mine.filter(of_anchor=False).update(of_anchor=True)
        return False
    take_turn()  # two that come at once would both find room
    issuer = issuer_of(certificate, is_ours=of_anchor)
    _make_room(issuer, of_anchor=of_anchor)
    _, is_new = CrlUrl.objects.get_or_create(
        issuer=issuer, url=url, defaults={"reported_by": reported_by[:120], "of_anchor": of_anchor}
    )
    return is_new


def _make_room(issuer: CrlIssuer, *, of_anchor: bool) -> None:
    """Let a place go if there are too many. Raises OperatorError where none may go.

    Those of anchors and of administrators stay. For a reported one, so do those that were never tried: else a partner
    that names new ones without an end would hinder that any is fetched. One without a list goes first.
    """
    for places, most in ((CrlUrl.objects.filter(issuer=issuer), MOST_OF_ISSUER), (CrlUrl.objects.all(), MOST)):
        if places.count() < most:
            continue
        may_go = places.filter(of_anchor=False, by_hand=False)
        if not of_anchor:
            old = Q(held=None) | Q(last_seen__lt=timezone.now() - PUSHED_OUT_AFTER)
            may_go = may_go.filter(old, last_try__isnull=False)
        oldest = may_go.order_by(F("held").asc(nulls_first=True), "last_seen").first()
        if oldest is None:
            raise OperatorError(f"there are {most} already")
        log.warning("CRL address forgotten, there are %d already: %s", most, shown(oldest.url))
        oldest.delete()


def keep_those_of_anchors() -> None:
    """Keep what the certificates of trust anchors name: lists of their issuers, where these are known, too."""
    known = anchor_certificates()
    by_name: dict[str, list[Certificate]] = {}
    for one in (*known, *_read(ChainCertificate.objects.values_list("pem", flat=True))):
        by_name.setdefault(pki.subject_of(one), []).append(one)
    named = set()
    for anchor in known:
        for url in _points(anchor):
            for issuer in by_name.get(pki.issuer_of(anchor), ()):
                if pki.is_issued_by(anchor, issuer):
                    named |= _kept(url, issuer)
    CrlUrl.objects.filter(of_anchor=True).exclude(pk__in=named).update(of_anchor=False)


def _kept(url: str, issuer: Certificate) -> set[int]:
    try:
        _keep(url, issuer, of_anchor=True)
        return set(CrlUrl.objects.filter(issuer__identity=identity_of(issuer), url=url).values_list("pk", flat=True))
    except (PkiError, DownloadError, OperatorError) as error:
        _warn_once(f"CRL address of a trust anchor not kept: {shown(url)}: {shown(error)}")
        return set()


@lru_cache(maxsize=1_000)
def _warn_once(text: str) -> None:
    """Say it once in the life of this process: the job comes by in every time slice."""
    log.warning("%s", text)


def anchor_certificates() -> list[Certificate]:
    """Return the certificates of the trust anchors that can be read."""
    return _read(Anchor.objects.values_list("pem", flat=True))


def _read(pems: Iterable[str]) -> list[Certificate]:
    found = []
    for pem in pems:
        with suppress(PkiError):
            found.append(pki.certificate_in_pem(pem))
    return found


def _points(certificate: Certificate) -> tuple[str, ...]:
    try:
        return points_of(certificate)
    except PkiError:
        return ()


@transaction.atomic
def forget_unseen() -> None:
    """Forget places that no server has reported for long, and CAs that have no place any more."""
    take_turn()
    long_ago = timezone.now() - KEPT_UNSEEN
    for place in CrlUrl.objects.filter(of_anchor=False, by_hand=False, last_seen__lt=long_ago):
        place.delete()
    CrlIssuer.objects.filter(places=None).delete()


def due(now: datetime) -> "QuerySet[CrlUrl]":
    """Return the places that are to be asked now: those never tried first, then those that fail least."""
    places = CrlUrl.objects.exclude(url="").filter(Q(next_try=None) | Q(next_try__lte=now))
    return places.select_related("issuer", "held").order_by(F("last_try").asc(nulls_first=True), "failures", "pk")
