"""Where lists are to be had: what servers report, and what the certificates of trust anchors name; in bounds."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from seon.api_messages import CrlSource
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.queue.models import Job
from seon.backend.revocation.authorities import (
    anchor_certificates,
    chain_certificates,
    identities_below_anchors,
    identity_of,
    peer_in,
)
from seon.backend.revocation.destinations import DownloadError, target_of
from seon.backend.revocation.models import CrlIssuer, CrlUrl
from seon.events import shown
from seon.pki import LONGEST_NAME, PeerCertificate, PkiError, is_issued_by, peer_certificate

MOST = 1_000
"""Places at most. Their addresses come from certificates, and partners choose those."""
MOST_OF_ISSUER = 50
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
    new, read = False, list(_read(sources))
    known = identities_below_anchors([issuer for _, issuer in read], timezone.now().timestamp())
    for url, issuer in read:
        try:
            if identity_of(issuer) not in known:
                raise OperatorError(f"its CA is below no trust anchor, as far as can be seen here: {issuer.subject}")
            new |= _keep(url, issuer, reported_by=reported_by)
        except (PkiError, DownloadError, OperatorError) as error:
            _not_kept(url, error)
    if new:
        Job.objects.filter(name=JOB).update(asked_for=True)


def _read(sources: Iterable[CrlSource]) -> Iterator[tuple[str, PeerCertificate]]:
    """Yield address and CA of what can be read."""
    for source in sources:
        try:
            yield source.url, peer_certificate(source.issuer)
        except PkiError as error:
            _not_kept(source.url, error)


def _not_kept(url: str, error: Exception) -> None:
    log.warning("CRL address not kept: %s: %s", shown(url), shown(error))


def issuer_of(certificate: PeerCertificate, *, is_ours: bool = False) -> CrlIssuer:
    """Return the row of a CA, made if there is none. Raises PkiError.

    Its certificate stays until it has expired: anybody can make another one of the same name and key. `is_ours`: an
    administrator has given this one, so it is the better one.
    """
    pem = certificate.pem
    if len(pem) > LONGEST_PEM:
        raise PkiError(f"the certificate of its CA has more than {LONGEST_PEM} octets")
    stated = {"pem": pem, "subject": certificate.subject[:LONGEST_NAME]}
    row, is_new = CrlIssuer.objects.get_or_create(identity=identity_of(certificate), defaults=stated)
    if not is_new and row.pem != pem and (is_ours or _has_expired(row, timezone.now())):
        # Its lists are checked by the same key, so what is in force stays as it is: no new version.
        CrlIssuer.objects.filter(pk=row.pk).update(**stated)
        row.refresh_from_db()
    return row


def _has_expired(row: CrlIssuer, now: datetime) -> bool:
    return peer_in(row.pem).not_after < now.timestamp()


@transaction.atomic
def _keep(url: str, certificate: PeerCertificate, *, reported_by: str = "", of_anchor: bool = False) -> bool:
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
    by_name: dict[bytes, list[PeerCertificate]] = {}
    for one in (*known, *chain_certificates()):
        by_name.setdefault(one.subject_der, []).append(one)
    named = set()
    for anchor in known:
        for url in anchor.extensions.crl_points if anchor.extensions else ():
            for issuer in by_name.get(anchor.issuer_der, ()):
                if _is_issued_by(anchor, issuer):
                    named |= _kept(url, issuer)
    CrlUrl.objects.filter(of_anchor=True).exclude(pk__in=named).update(of_anchor=False)


def _kept(url: str, issuer: PeerCertificate) -> set[int]:
    try:
        _keep(url, issuer, of_anchor=True)
        return set(CrlUrl.objects.filter(issuer__identity=identity_of(issuer), url=url).values_list("pk", flat=True))
    except (PkiError, DownloadError, OperatorError) as error:
        _warn_once(f"CRL address of a trust anchor not kept: {shown(url)}: {shown(error)}")
        return set()


def _is_issued_by(certificate: PeerCertificate, issuer: PeerCertificate) -> bool:
    own, above = certificate.x509, issuer.x509
    return own is not None and above is not None and is_issued_by(own, above)


@lru_cache(maxsize=1_000)
def _warn_once(text: str) -> None:
    """Say it once in the life of this process: the job comes by in every time slice."""
    log.warning("%s", text)


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
