"""Lists of partners for those who look: what is looked for, in few queries. Nothing here changes anything."""

import re
from datetime import timedelta
from typing import Literal

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from seon.backend.partners.models import Partner, PartnerCertificate, PartnerCode
from seon.backend.partners.standing import standings

SOON = timedelta(days=60)
"""What ends within this time ends soon."""
State = Literal["", "enabled", "disabled", "hindered", "ending"]


def found(text: str = "", state: State = "") -> "QuerySet[Partner]":
    """Return the partners whose name, id, code, or certificate (subject, SHA-256) holds a text, in such a state.

    `hindered`: enabled, and nobody can come in as it; `ending`: a certificate of its own ends soon or has ended. Each
    has `ends`, when the first of its own certificates ends.
    """
    first = PartnerCertificate.objects.filter(partner=OuterRef("pk")).order_by("not_after").values("not_after")[:1]
    rows = Partner.objects.annotate(ends=Subquery(first))
    if text:
        rows = rows.filter(_holding(text))
    match state:
        case "enabled" | "disabled":
            return rows.filter(enabled=state == "enabled")
        case "hindered":
            return rows.filter(enabled=True, pk__in=_hindered())
        case "ending":
            end = timezone.now() + SOON
            return rows.filter(Exists(PartnerCertificate.objects.filter(partner=OuterRef("pk"), not_after__lt=end)))
    return rows


def _hindered() -> list[int]:
    """Return the keys of those without a valid certificate of their own as whom nobody comes in."""
    valid = PartnerCertificate.objects.filter(partner=OuterRef("pk"), not_after__gt=timezone.now())
    rows = Partner.objects.filter(~Exists(valid), enabled=True).order_by()
    looked_at = list(rows.only("enabled", "anchors", "odette_ids", "host"))
    return [key for key, one in standings(looked_at).items() if one.hindrance]


def _holding(text: str) -> Q:
    fingerprint = re.sub(r"[\s:]", "", text).lower()
    codes = PartnerCode.objects.filter(code__icontains=text)
    pins = PartnerCertificate.objects.filter(Q(subject__icontains=text) | Q(fingerprint__startswith=fingerprint or "-"))
    mine = Q(identifier__icontains=text) | Q(name__icontains=text) | Q(odette_ids__icontains=text)
    return mine | Q(pk__in=codes.values("partner")) | Q(pk__in=pins.values("partner"))
