"""What the audit can be asked for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from seon.backend.acting.acts import all_acts
from seon.backend.journal.lists import EntryFilter
from seon.backend.panel.system_log.forms import TimesForm

GROUP = "audit"
KINDS = {
    "AUD-CHANGE": _("done"),
    "AUD-DENIED": _("denied"),
    "AUD-LOGIN": _("login refused"),
    "AUD-TOKEN": _("call of the API refused"),
    "AUD-TOKENS": _("more calls of the API refused"),
    "AUD-LICENSE": _("license issued"),
}
"""What may stand in the audit, by the codes of the events."""


def _text(label: Any) -> forms.CharField:
    return forms.CharField(
        required=False, max_length=120, label=label, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class AuditFilter(TimesForm):
    """What the audit can be asked for, all of it in the address."""

    kind = forms.ChoiceField(required=False, label=_("Kind"), choices=[("", _("any")), *KINDS.items()])
    user = _text(_("Who"))
    act = forms.ChoiceField(required=False, label=_("Act"), choices=lambda: [("", _("any")), *_acts()])
    what = _text(_("Object"))
    field_order = ("q", "kind", "user", "act", "what", "since", "until")

    def wanted(self) -> EntryFilter:
        """Return what is looked for."""
        given = self.given()
        said: dict[str, str] = {name: given[name] for name in ("user", "act", "what") if name in given}
        return EntryFilter(
            since=given.get("since"), until=given.get("until"), text=given.get("q", ""), group=GROUP,
            code=given.get("kind", ""), said=said,
        )  # fmt: skip


def _acts() -> list[tuple[str, str]]:
    return [(name, f"{name}: {act.meaning}"[:100]) for name, act in all_acts().items()]
