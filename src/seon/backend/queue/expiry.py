"""What ends some day: found, and told of 60, 30, 14, 7 and 1 days ahead, and when it has ended (mission E5).

Each warning is given once, whoever looks: its row in `Warned` is written in the transaction of its event, and there
can be only one. A renewed object has another end, so its warnings begin anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from math import floor

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from seon import pki
from seon.backend.anchors.models import Anchor
from seon.backend.home import current_home
from seon.backend.journal.recording import record
from seon.backend.partners.models import PartnerCertificate
from seon.backend.proxies.models import ProxyServer
from seon.backend.queue.models import Warned
from seon.backend.revocation.models import HeldList
from seon.backend.trust.models import Authority, OwnCertificate, Token

DAYS = (60, 30, 14, 7, 1)
ENDED = 0
MOST_NEAR = 500
"""Partners' certificates that end soon and are asked for at once."""
_FORGET_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends."""

    subject: str
    """Its kind and what it is known by: the same as long as it is the same object."""
    what: str
    """It in words, as a sentence begins."""
    until: datetime
    advice: str
    """What to do."""

    def step(self, now: datetime) -> int | None:
        """Return the smallest of `DAYS` that is reached, `ENDED`, or None: it is far from its end."""
        left = self.until - now
        if left <= timedelta(0):
            return ENDED
        return min((days for days in DAYS if left <= timedelta(days=days)), default=None)


def warn_of_ends() -> str:
    """Give the warnings that are due and were not given yet; returns how many."""
    now, found = timezone.now(), list(all_endings())
    given = sum(_warn(one, now) for one in found)
    subjects = {one.subject for one in found}
    gone = [
        pk
        for pk, subject in Warned.objects.filter(given_at__lt=now - _FORGET_AFTER).values_list("pk", "subject")
        if subject not in subjects
    ]
    for first in range(0, len(gone), 500):
        Warned.objects.filter(pk__in=gone[first : first + 500]).delete()
    return f"{given} warnings of what ends" if given else ""


def all_endings() -> Iterator[Ending]:
    """Yield everything in use that ends some day."""
    yield from own_endings()
    yield from partner_endings()
    yield from anchor_endings()
    yield from license_endings()
    yield from token_endings()
    yield from authority_endings()
    yield from list_endings()


def endings_until(moment: datetime) -> list[Ending]:
    """Return everything in use that ends until a moment, or has ended, the next end first.

    It costs little, however many partners there are: it may be asked for every few seconds.
    """
    near = (own_endings(), partner_endings(moment), anchor_endings(), license_endings(), token_endings(),
            authority_endings(), list_endings())  # fmt: skip
    return sorted((one for one in chain(*near) if one.until <= moment), key=lambda one: one.until)


def own_endings() -> Iterator[Ending]:
    """Yield the own certificate that partners are shown."""
    for own in OwnCertificate.objects.filter(in_use=True):
        yield Ending(
            f"own-certificate:{own.fingerprint}",
            f"The own certificate {own.name}, which partners are shown,",
            own.not_after,
            "get a new one from your CA, send it to your partners, and then use it",
        )


def partner_endings(until: datetime | None = None) -> Iterator[Ending]:
    """Yield the certificates by which enabled partners are admitted; only the next ones until a moment, if given."""
    rows = PartnerCertificate.objects.filter(partner__enabled=True).select_related("partner")
    for pinned in rows.filter(not_after__lte=until).order_by("not_after")[:MOST_NEAR] if until else rows:
        yield Ending(
            f"partner-certificate:{pinned.fingerprint}",
            f"The certificate {pinned.fingerprint[:16]} of partner {pinned.partner}",
            pinned.not_after,
            "ask the partner for its new one and add it beside this one",
        )


def anchor_endings() -> Iterator[Ending]:
    """Yield the trust anchors."""
    for anchor in Anchor.objects.all():
        yield Ending(
            f"anchor:{anchor.fingerprint}",
            f"The trust anchor {anchor}",
            anchor.not_after,
            "ask the CA for its new certificate and add it beside this one (seonapi anchor add)",
        )


def license_endings() -> Iterator[Ending]:
    """Yield the last license in force of each server; one that another was issued after needs no warning."""
    servers = ProxyServer.objects.filter(licenses__withdrawn_at=None, licenses__isnull=False)
    for server in servers.annotate(until=Max("licenses__not_after")):
        yield Ending(
            f"license:{server.proxy_id}",
            f"The license of server {server}",
            server.until,
            f"type: seonapi license issue {server.proxy_id}",
        )


def token_endings() -> Iterator[Ending]:
    """Yield the security tokens in force that end some day."""
    for token in Token.objects.filter(withdrawn_at=None).exclude(expires_at=None):
        assert token.expires_at is not None
        yield Ending(
            f"token:{token.pk}",
            f"The security token {token}",
            token.expires_at,
            "make a new one for its client (seonapi token --help)",
        )


def authority_endings() -> Iterator[Ending]:
    """Yield the CAs of this installation, and its https certificate."""
    for authority in Authority.objects.all():
        until = pki.certificate_in_pem(authority.certificate).not_valid_after_utc
        advice = "every license and token is bound to it: plan a new installation"
        yield Ending(f"authority:{authority.kind}", f"The {authority} of this installation", until, advice)
    path = current_home().https_certificate
    certificate = pki.certificate_in_pem(path.read_bytes())
    yield Ending(
        f"https:{pki.fingerprint(certificate)}",
        f"The https certificate {path}",
        certificate.not_valid_after_utc,
        "start seonapi serve, which renews it by itself; if it runs, see its log",
    )


def list_endings() -> Iterator[Ending]:
    """Yield the revocation lists that nobody fetches, in the last third of their time: many live a few days only."""
    now = timezone.now()
    for held in HeldList.objects.filter(place__url="").exclude(next_update=None).select_related("place__issuer"):
        assert held.next_update is not None
        if now > held.next_update - (held.next_update - held.this_update) / 3:
            yield Ending(
                f"crl:{held.place_id}",
                f"The revocation list of {held.place.issuer}, which was given by hand,",
                held.next_update,
                "get a newer one from the CA, and type: seonapi crl add FILE",
            )


def _warn(ending: Ending, now: datetime) -> bool:
    """Give the warning of an object that is due; whether it was given now."""
    step = ending.step(now)
    if step is None or Warned.objects.filter(subject=ending.subject, until=ending.until, days__lte=step).exists():
        return False
    until = f"{ending.until:%Y-%m-%d %H:%M} UTC"
    with transaction.atomic():
        _, is_new = Warned.objects.get_or_create(subject=ending.subject, until=ending.until, days=step)
        if is_new and step == ENDED:
            record("EXP-ENDED", what=ending.what, until=until, advice=ending.advice)
        elif is_new:
            days = floor((ending.until - now) / timedelta(days=1))
            record("EXP-SOON", what=ending.what, days=days, until=until, advice=ending.advice)
    return is_new
