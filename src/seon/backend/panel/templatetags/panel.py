"""How the panel shows times, sizes, and links that keep what a list was asked for."""

from datetime import datetime
from typing import Any

from django import template
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seon.backend.panel.in_force.shown import InForce, in_force_now

register = template.Library()
_UNITS = ("kB", "MB", "GB", "TB", "PB")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


@register.filter
def moment(when: datetime | float | None) -> str | SafeString:
    """Show a time to the second in the zone of who looks, with the zone; a float is Unix time. Nothing for none."""
    if not when:
        return ""
    if isinstance(when, int | float):
        when = datetime.fromtimestamp(when, timezone.get_default_timezone())
    local = _local(when)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), date_format(local, "DATETIME_FORMAT"))


@register.filter
def day(when: datetime | None) -> str | SafeString:
    """Show a date in the zone of who looks."""
    if not when:
        return ""
    local = _local(when)
    return format_html('<time datetime="{}">{}</time>', local.date().isoformat(), date_format(local, "DATE_FORMAT"))


def _local(when: datetime) -> datetime:
    """Return a time in the zone of who looks; one at the very end of the calendar stays as it is.

    Certificates that never end have such a time (RFC 5280 4.1.2.5).
    """
    try:
        return timezone.localtime(when)
    except OverflowError:
        return when


@register.filter
def ago(when: datetime | float | None) -> str:
    """Say how long ago something was: "12 s ago"."""
    if not when:
        return ""
    unix = when if isinstance(when, int | float) else when.timestamp()
    return _("%s ago") % duration(max(timezone.now().timestamp() - unix, 0))


@register.filter
def left(when: datetime | None) -> str:
    """Say how long it is until something: "12 days"; "0 s" when it is over."""
    return duration(max((when - timezone.now()).total_seconds(), 0)) if when else ""


@register.filter
def duration(seconds: float | None) -> str:
    """Say a time in its two greatest units: "2 h 5 min"."""
    if seconds is None:
        return ""
    whole = int(seconds)
    if whole < _MINUTE:
        return _("%d s") % whole
    if whole < _HOUR:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": whole // _MINUTE, "seconds": whole % _MINUTE}
    if whole < _DAY:
        return _("%(hours)d h %(minutes)d min") % {"hours": whole // _HOUR, "minutes": whole % _HOUR // _MINUTE}
    days = whole // _DAY
    return ngettext("%d day", "%d days", days) % days


@register.filter
def octets(count: int | None) -> str:
    """Say a number of octets in the unit that fits, decimal."""
    if count is None:
        return ""
    size = float(count)
    if size < 1_000:
        return _("%d octets") % count
    for unit in _UNITS:
        size /= 1_000
        if size < 999.5 or unit == _UNITS[-1]:
            break
    return f"{size:.1f} {unit}" if size < 99.5 else f"{size:.0f} {unit}"


@register.filter
def percent(part: float | None, whole: float | None) -> int:
    """Return how much of a whole a part is, 0 to 100."""
    if not part or not whole:
        return 0
    return max(0, min(100, int(100 * part / whole)))


@register.simple_tag(takes_context=True)
def asked(context: template.Context, **changes: Any) -> str:
    """Return the address of this list with some of what it is asked for changed; None leaves something out."""
    query: QueryDict = context["request"].GET.copy()
    query.pop("part", None)
    if "page" not in changes:
        query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def entry(mapping: Any, key: str) -> Any:
    """Return an entry of a mapping by a name that is known only when the page is shown."""
    return mapping.get(key) if mapping is not None else None


@register.simple_tag
def where_in_force() -> InForce:
    """Return on which hosts the newest configuration is in force, for `frame/in_force.html`."""
    return in_force_now()
