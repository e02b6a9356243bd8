"""How partners stand now: who can come in, and if not why, and when what admits them ends. For lists: a few queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seon.backend.anchors.models import Anchor
from seon.backend.partners.anchored import usable
from seon.backend.partners.models import Partner, PartnerCertificate, PartnerName

_ALL = 1_000
"""From as many partners on, tables are read whole."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one partner stands."""

    enabled: bool
    hindrance: str
    """Why nobody can come in as it, in words; "" if somebody can. Whether it is disabled does not count here."""
    pins: int
    """How many certificates of its own it has."""
    ends: datetime | None
    """When the first of its valid certificates ends; where all have ended, when the last did; None without any."""

    @property
    def comes_in(self) -> bool:
        """Whether somebody with the right certificate comes in as it now."""
        return self.enabled and not self.hindrance


def standings(partners: Sequence[Partner]) -> dict[int, Standing]:
    """Return how each partner stands, by its key."""
    now = timezone.now()
    keys = [partner.pk for partner in partners]
    ends = defaultdict(list)
    for key, end in _of(PartnerCertificate.objects.order_by(), keys).values_list("partner", "not_after"):
        ends[key].append(end)
    named = set(_of(PartnerName.objects.order_by(), keys).values_list("partner", flat=True))
    anchors = _anchors(now)
    examples = {asserts: one for one, asserts in anchors.items()}
    kinds = {one: asserts for asserts, one in examples.items()}  # without a choice of its own, one of each says it all
    return {
        one.pk: Standing(
            enabled=one.enabled,
            hindrance=_hindrance(
                one, ends.get(one.pk, ()), now, anchors if one.anchors else kinds, has_names=one.pk in named
            ),
            pins=len(ends.get(one.pk, ())),
            ends=_ends(ends.get(one.pk, ()), now),
        )
        for one in partners
    }


def _of(rows: "QuerySet[Any]", keys: list[int]) -> "QuerySet[Any]":
    return rows if len(keys) > _ALL else rows.filter(partner__in=keys)


def _anchors(now: datetime) -> dict[str, bool]:
    return dict(Anchor.objects.filter(not_after__gt=now).values_list("fingerprint", "asserts_odette_ids"))


def _ends(ends: Sequence[datetime], now: datetime) -> datetime | None:
    valid = [one for one in ends if one > now]
    return min(valid) if valid else max(ends, default=None)


def _hindrance(
    partner: Partner, ends: Sequence[datetime], now: datetime, anchors: Mapping[str, bool], *, has_names: bool
) -> str:
    if ends:
        is_over = all(end <= now for end in ends)
        return ngettext("its certificate has ended", "all of its certificates have ended", len(ends)) if is_over else ""
    by = usable(partner, anchors, has_names=has_names)
    if not partner.odette_ids and not has_names:
        text = _("it has no certificate, Odette ID or certificate name")
        return _("%s: it can be dialled, but cannot call") % text if by else text
    if by:
        return ""
    if not has_names:
        return _("no valid trust anchor that asserts Odette IDs may admit it")
    return _("no valid trust anchor may admit it")
