"""Which partners come in by a trust anchor: those that have no certificates of their own."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from seon.backend.anchors.models import Anchor
from seon.backend.configuration.lines import entries_of
from seon.backend.partners.models import Partner


@dataclass(slots=True)
class Dependents:
    """The partners of a trust anchor, by their ids."""

    may: list[str] = field(default_factory=list)
    """It may admit them; another one may, too."""
    only: list[str] = field(default_factory=list)
    """Nothing else can admit them."""

    @property
    def text(self) -> str:
        """Who they are, in words."""
        alone = set(self.only)
        parts = {"only by it": self.only, "perhaps by it": [one for one in self.may if one not in alone]}
        return "; ".join(f"{words}: {_some(ids)}" for words, ids in parts.items() if ids)


def dependents() -> dict[str, Dependents]:
    """Return the partners that come in by each anchor, by its SHA-256; enabled ones only."""
    anchors = dict(Anchor.objects.values_list("fingerprint", "asserts_odette_ids"))
    found: dict[str, Dependents] = defaultdict(Dependents)
    partners = Partner.objects.filter(enabled=True, certificates=None).prefetch_related("names")
    for partner in partners.only("identifier", "anchors", "odette_ids", "host"):
        by = usable(partner, anchors)
        for fingerprint in by:
            found[fingerprint].may.append(partner.identifier)
        if len(by) == 1:
            found[by[0]].only.append(partner.identifier)
    return found


def hindrance(partner: Partner) -> str:
    """Say why Odette IDs and names admit nobody as this partner now; "" if they can, or if it has none."""
    if not partner.odette_ids and not partner.names.exists():
        return ""
    if partner.certificates.exists():
        return "it has pinned certificates, and these alone admit it"
    if usable(partner, dict(Anchor.objects.values_list("fingerprint", "asserts_odette_ids"))):
        return ""
    return "no trust anchor may admit it by its Odette IDs or names yet; see: seonapi anchor list"


def usable(partner: Partner, anchors: Mapping[str, bool], *, has_names: bool | None = None) -> list[str]:
    """Return the anchors below which something can say that a certificate is the partner's, by their SHA-256.

    `anchors`: whether each asserts Odette IDs. `has_names`: whether the partner has names; None: they are looked up.
    """
    allowed = entries_of(partner.anchors) or tuple(anchors)
    named = bool(partner.names.all()) if has_names is None else has_names
    by_name = named or (bool(partner.host) and not partner.odette_ids)
    by_id = bool(partner.odette_ids)
    return [one for one in allowed if one in anchors and (by_name or (by_id and anchors[one]))]


_NAMED = 10


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more
