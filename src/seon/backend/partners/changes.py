"""What was changed of one partner, from the histories of all that belongs to it: when, by whom, from what to what."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext as _

from seon.backend.partners.models import Partner, PartnerCertificate, PartnerCode, PartnerName
from seon.backend.session_rules.models import RuleSeverity, SessionRules
from seon.events import shown

MOST = 100
"""Changes that are shown, the newest."""
_LONGEST = 300
_BELONGINGS = (PartnerCode, PartnerCertificate, PartnerName, SessionRules, RuleSeverity)
_SILENT = frozenset({"id", "partner", "settings", "pem", "digest"})
"""Fields that say nothing to people, or nothing new."""


@dataclass(frozen=True, slots=True)
class Value:
    """A field with its value before and after; "" where there was none."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change."""

    moment: datetime
    who: str
    what: str
    """What was changed, such as "partner" or "SSID code O0013"."""
    kind: str
    """"added", "changed" or "removed", in the language of who looks."""
    values: tuple[Value, ...]


def changes_of(partner: Partner) -> list[Change]:
    """Return the newest changes of a partner and of what belongs to it, the newest first."""
    rows = list(Partner.history.filter(id=partner.pk).order_by("-history_date", "-history_id")[:MOST])
    for model in _BELONGINGS:
        history: Any = model.history
        rows += history.filter(partner_id=partner.pk).order_by("-history_date", "-history_id")[:MOST]
    rows.sort(key=attrgetter("history_date"), reverse=True)
    return list(islice(_changes(rows), MOST))


def _changes(rows: list[Any]) -> Iterator[Change]:
    for row in rows:
        values = tuple(_values(row))
        if row.history_type == "~" and not values:
            continue
        yield Change(row.history_date, _who(row), _what(row), _kind(row.history_type), values)


def _kind(letter: str) -> str:
    return {"+": _("added"), "~": _("changed"), "-": _("removed")}[letter]


def _who(row: Any) -> str:
    if row.history_change_reason:
        return str(row.history_change_reason)
    return str(row.history_user) if row.history_user else _("not known")


def _what(row: Any) -> str:
    model = type(row.instance)
    name = str(model._meta.verbose_name)
    if model in (Partner, SessionRules):
        return name
    return f"{name} {shown(_itself(row.instance), _LONGEST)}"


def _itself(instance: Any) -> str:
    return f"{instance.rule}" if isinstance(instance, RuleSeverity) else str(instance)


def _values(row: Any) -> Iterator[Value]:
    """Yield what differs: from the row before, or from nothing where it is new."""
    if row.history_type == "-":
        return
    before = row.prev_record if row.history_type == "~" else None
    for field in row.tracked_fields:
        if field.name in _SILENT:
            continue
        new = getattr(row, field.attname)
        old = getattr(before, field.attname) if before is not None else field.get_default()
        if new != old:
            yield Value(str(field.verbose_name), _said(old) if before is not None else "", _said(new))


def _said(value: object) -> str:
    if value is None or value == "":
        return _("empty")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return shown(", ".join(str(value).splitlines()), _LONGEST)
