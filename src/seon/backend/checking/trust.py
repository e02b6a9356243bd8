"""Certificates, partners, licenses and tokens."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Max
from django.utils import timezone

from seon.backend.checking.findings import Check, Found, error, warning
from seon.backend.home import Home
from seon.backend.partners.anchored import dependents
from seon.backend.partners.models import Partner
from seon.backend.partners.telling import warnings_of
from seon.backend.proxies.models import ProxyServer
from seon.backend.queue.expiry import Ending, anchor_endings, authority_endings, token_endings
from seon.backend.revocation.models import CrlUrl
from seon.backend.revocation.overdue import overdue_lists, why
from seon.backend.trust.judging import Weight, judge
from seon.backend.trust.models import Token
from seon.backend.trust.own import chain_of, in_use

SOON = timedelta(days=30)
UNUSED = timedelta(days=7)
"""A token that nobody has used for so long may have been lost."""
_TIME = ("expired", "expires-soon")


def _own(_: Home) -> Iterator[Found]:
    own = in_use()
    if own is None:
        advice = "type: seonapi certificate add ..., with --use (seonapi certificate --help)"
        yield error("there is no own certificate in use: no session can be held", "seonapi certificate list", advice)
        return
    where = f"own certificate {own}"
    for finding in judge(chain_of(own), timezone.now()):
        if finding.weight is Weight.NOTE and finding.code not in _TIME:
            continue
        bad = finding.weight is Weight.REFUSED or finding.code in ("expired", "not-yet-valid")
        advice = "get a new one from your CA, send it to your partners, and then use it"
        if "chain" in finding.code:
            advice = "get the missing certificate from your CA and add it (seonapi certificate --help)"
        yield (error if bad else warning)(f"the own certificate: {finding.text}", where, advice)


def _partners(_: Home) -> Iterator[Found]:
    partners = Partner.objects.filter(enabled=True)
    if not partners.exists():
        yield warning("there is no partner that is enabled", "seonapi partner list", "type: seonapi partner add ...")
    by_anchor = {one for theirs in dependents().values() for one in theirs.may}
    counted = partners.annotate(pins=Count("certificates", distinct=True), until=Max("certificates__not_after"))
    for partner in counted.prefetch_related("certificates", "names"):
        where, add = (
            f"partner {partner}",
            f"ask for its certificate; then seonapi partner --help says how to add it ({partner})",
        )
        if partner.pins:
            yield from _ends(partner.until, "its last certificate", where, add)
        elif partner.identifier not in by_anchor:
            known = partner.odette_ids or partner.names.all()
            why = "no trust anchor may admit it by its Odette IDs or names" if known else "it has no certificate"
            yield warning(f"{why}, so nothing admits it", where, "seonapi anchor list" if known else add)


def _old_tls(_: Home) -> Iterator[Found]:
    for partner in Partner.objects.filter(enabled=True, old_tls=True):
        advice = f"when its station can do better, type: seonapi partner set {partner} old_tls no"
        for words in warnings_of(partner):
            yield warning(words, f"partner {partner}", advice)


def _anchors(_: Home) -> Iterator[Found]:
    for ending in anchor_endings():
        yield from _ending(ending)


def _licenses(_: Home) -> Iterator[Found]:
    servers = ProxyServer.objects.filter(licenses__isnull=False).distinct()
    if not servers.exists():
        advice = "on the server type: seon_proxyserver2 -L, and here: seonapi license issue PROXY-ID"
        yield error("no license was issued yet: no server can start", "seonapi license --help", advice)
    for server in servers:
        where, issue = f"server {server}", f"type: seonapi license issue {server.proxy_id}"
        until = server.licenses.filter(withdrawn_at=None).aggregate(until=Max("not_after"))["until"]
        if until is None:
            yield error("its license was withdrawn, and no other was issued", where, issue)
        else:
            yield from _ends(until, "its license", where, issue)


def _tokens(_: Home) -> Iterator[Found]:
    if not Token.objects.filter(withdrawn_at=None).exists():
        advice = "type: seonapi token add NAME, and give it to the client with -T"
        yield error("there is no security token in force: no client can call", "seonapi token list", advice)
    for ending in token_endings():
        yield from _ends(ending.until, "it", ending.what, ending.advice)
    unused = Token.objects.filter(withdrawn_at=None, use=None, created_at__lt=timezone.now() - UNUSED)
    for token in unused:
        advice = "if nobody needs it: seonapi token withdraw NAME; else see why its client does not call"
        yield warning(f"it was never used since it was made, at {token.created_at:%Y-%m-%d}", f"token {token}", advice)


def _authorities(_: Home) -> Iterator[Found]:
    for ending in authority_endings():
        if ending.subject.startswith("authority:"):  # the https certificate has its own check
            yield from _ending(ending)


def _lists(_: Home) -> Iterator[Found]:
    now = timezone.now()
    for held in overdue_lists(now):
        where = f"revocation list of {held.place.issuer}, {held.place}"
        advice = f"see why there is no newer one: seonapi crl show {held.place_id}"
        yield error(f"it is too old: {why(held, now)}", where, advice)
    for place in CrlUrl.objects.filter(held=None, failures__gt=0).select_related("issuer"):
        where, advice = f"revocation list of {place.issuer}, {place}", f"try it: seonapi crl fetch {place.pk}"
        yield warning(f"it is not to be had: {place.result}", where, advice)


def _ending(ending: Ending) -> Iterator[Found]:
    yield from _ends(ending.until, ending.what, ending.subject, ending.advice)


def _ends(until: datetime, what: str, where: str, advice: str) -> Iterator[Found]:
    now, said = timezone.now(), f"{until:%Y-%m-%d %H:%M} UTC"
    if until <= now:
        yield error(f"{what} has ended, at {said}", where, advice)
    elif until - now < SOON:
        yield warning(f"{what} ends soon, at {said}", where, advice)


TRUST = (
    Check("own-certificate", "an own certificate is in use and good", _own),
    Check("partners", "each partner has a certificate that is valid", _partners),
    Check("old-tls", "no partner needs old TLS", _old_tls),
    Check("anchors", "the trust anchors are valid", _anchors),
    Check("licenses", "each server has a license in force", _licenses),
    Check("tokens", "a client can prove itself", _tokens),
    Check("revocation-lists", "each revocation list is there and not overdue", _lists),
    Check("authorities", "the CAs of this installation are valid", _authorities),
)
