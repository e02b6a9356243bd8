"""Refused certificates as they come from servers: kept in bounds, each once."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from seon.api_messages import RefusedCertificate as Told
from seon.backend.refused.models import RefusedCertificate
from seon.events import shown
from seon.pki import PeerCertificate, peer_certificate

MOST = 1_000
"""Kept at most; those that were not seen for longest make room."""
_LATE = timedelta(days=7)
"""A time longer ago is none: the clock of who says it is wrong."""
_LONGEST_REASON = 1_000


def remember(told: Told) -> RefusedCertificate:
    """Keep a refused certificate, or count it where it is kept already. Raises PkiError for what is none."""
    certificate = peer_certificate(told.der)
    seen = _moment(told.time)
    last = {
        "last_seen": seen,
        "source": told.source,
        "verdict": told.verdict,
        "reason": shown(told.reason, _LONGEST_REASON),
    }
    with transaction.atomic():
        row, is_new = RefusedCertificate.objects.get_or_create(
            fingerprint=certificate.fingerprint, defaults={**_facts(certificate), **last, "first_seen": seen}
        )
        if is_new:
            _make_room()
        else:
            RefusedCertificate.objects.filter(pk=row.pk).update(count=F("count") + 1, **last)
    return row


def _facts(certificate: PeerCertificate) -> dict[str, object]:
    return {
        "der": certificate.der,
        "subject": certificate.subject[:500],
        "issuer": certificate.issuer[:500],
        "serial": certificate.serial[:140],
        "not_before": _time(certificate.not_before),
        "not_after": _time(certificate.not_after),
    }


def _make_room() -> None:
    over = list(RefusedCertificate.objects.order_by("-last_seen", "-pk").values_list("pk", flat=True)[MOST:])
    if over:
        RefusedCertificate.objects.filter(pk__in=over).delete()


def _moment(seconds: float) -> datetime:
    now = timezone.now()
    told = _time(seconds)
    return told if told is not None and now - _LATE < told < now else now


def _time(seconds: float) -> datetime | None:
    """Return a moment; None for one that no calendar of ours has."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
