"""The forms of a partner's page: each calls one act. `about` is the partner, or its session rules."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.admission import OWN
from seon.backend.configuration.lines import entries_of
from seon.backend.configuration.rules import SEVERITIES, rule_choices
from seon.backend.errors import OperatorError
from seon.backend.panel.partners.fields import CertificateForm, PartnerForm, RowForm
from seon.backend.partners import actions
from seon.backend.partners import identity_actions as identity
from seon.backend.partners.models import Partner
from seon.backend.session_rules.actions import change_partner_rules, set_partner_rule
from seon.backend.session_rules.demands import DEMANDS, group
from seon.backend.session_rules.models import rules_of

_LABELS = {
    "identifier": gettext_lazy("Id"),
    "name": gettext_lazy("Name"),
    "host": gettext_lazy("Host"),
    "port": gettext_lazy("Port"),
    "notes": gettext_lazy("Notes"),
    "networks": gettext_lazy("Networks"),
    "sessions": gettext_lazy("Sessions at once"),
    "old_tls": gettext_lazy("Old TLS"),
    "odette_ids": gettext_lazy("Odette IDs"),
    "anchors": gettext_lazy("Trust anchors that may admit it"),
    "profile": gettext_lazy("Profile"),
    "level_5_only": gettext_lazy("Level 5 only"),
    "secure_authentication": gettext_lazy("Secure authentication"),
    "esid_names_rule": gettext_lazy("ESID names the rule"),
    "trace": gettext_lazy("Trace its sessions"),
    "max_octets": gettext_lazy("Greatest file, in octets"),
    "names": gettext_lazy("Virtual names"),
    "destinations": gettext_lazy("Destinations"),
    "originators": gettext_lazy("Originators"),
    "usage": gettext_lazy("Wrong usage"),
    "unreadable": gettext_lazy("Extensions that cannot be read"),
    "weak_key": gettext_lazy("Weak keys"),
    "weak_signature": gettext_lazy("Weak signatures"),
    "revocation": gettext_lazy("Revocation lists"),
}
_GROUPS = ("incoming_", "outgoing_", "admission_")
AS_IN_GENERAL = gettext_lazy("empty: as in general.")


class LabelledForm(RowForm):
    """A form of fields with the panel's names for them."""

    def made(self, name: str, field: "models.Field[Any, Any]") -> forms.Field:
        """Return the form's field, with its name for people."""
        found = super().made(name, field)
        short = next((name.removeprefix(one) for one in _GROUPS if name.startswith(one)), name)
        found.label = _LABELS.get(short, found.label)
        return found


class GeneralForm(LabelledForm):
    """Who the partner is, and where it is dialled."""

    names = ("name", "host", "port", "notes")
    acts = (actions.change_partner,)

    def act(self, by: Actor) -> Partner:
        """Change what was changed."""
        return actions.change_partner(by, self.about.identifier, **self.changed())


class NetworksForm(LabelledForm):
    """From where it may come."""

    names = ("networks",)
    acts = (actions.set_of_partner,)

    def act(self, by: Actor) -> object:
        """Set the networks."""
        networks = ", ".join(entries_of(self.cleaned_data["networks"]))
        return actions.set_of_partner(by, self.about.identifier, "networks", networks)


class AdmissionForm(LabelledForm):
    """Fields that say who may come in as the partner."""

    acts = (identity.change_admission,)

    def act(self, by: Actor) -> None:
        """Change what was changed."""
        identity.change_admission(by, self.about.identifier, self.changed())


class LimitsForm(AdmissionForm):
    """How many sessions it may have, and by which TLS."""

    names = ("sessions", "old_tls")


class WeightsForm(AdmissionForm):
    """What is made of certificates that are not as they should be, where it differs from the general rules."""

    names = OWN


class KnownByForm(AdmissionForm):
    """By what it is known below trust anchors."""

    names = ("odette_ids", "anchors")

    def made(self, name: str, field: "models.Field[Any, Any]") -> forms.Field:
        """Return the form's field; anchors are chosen from those that are there."""
        if name != "anchors":
            return super().made(name, field)
        there = list(Anchor.objects.values_list("fingerprint", "name"))
        gone = set(entries_of(self.about.anchors)) - {fingerprint for fingerprint, _name in there}
        choices = [*there, *((one, _("removed: %s") % one[:16]) for one in sorted(gone))]
        self.initial["anchors"] = list(entries_of(self.about.anchors))
        return forms.MultipleChoiceField(
            required=False, choices=choices, label=_LABELS[name], help_text=_("None chosen: each of them."),
            widget=forms.CheckboxSelectMultiple(attrs={"class": "s-choices"}),
        )  # fmt: skip


class RulesForm(LabelledForm):
    """Fields of a partner's session rules; `about` is the partner. What is empty is as in general."""

    acts = (change_partner_rules,)
    unset = AS_IN_GENERAL

    def __init__(self, *args: Any, **options: Any) -> None:
        self.partner: Partner = options["about"]
        options["about"] = rules_of(self.partner)
        super().__init__(*args, **options)

    def act(self, by: Actor) -> None:
        """Change what was changed."""
        change_partner_rules(by, self.partner.identifier, self.changed())


class DemandsForm(RulesForm):
    """How its sessions are judged."""

    names = group("")


class IncomingForm(RulesForm):
    """Which files it may send."""

    names = group("incoming")


class OutgoingForm(RulesForm):
    """Which files it may be sent."""

    names = group("outgoing")


class TraceForm(LabelledForm):
    """Whether each of its sessions is traced."""

    names = ("trace",)
    acts = (change_partner_rules,)

    def act(self, by: Actor) -> None:
        """Switch it."""
        change_partner_rules(by, self.about.identifier, self.changed())


assert {*DEMANDS} == {*group(""), *group("incoming"), *group("outgoing")}, "a group of demands has no form"


class SeverityForm(PartnerForm):
    """What one rule of the verifier is worth for the partner."""

    button = gettext_lazy("Set the rule")
    acts = (set_partner_rule,)
    places: ClassVar[Mapping[str, str]] = {"": "severity"}
    rule = forms.ChoiceField(label=gettext_lazy("Rule"), choices=rule_choices)
    severity = forms.ChoiceField(
        label=gettext_lazy("It is worth"), choices=[(one, one) for one in SEVERITIES],
        help_text=gettext_lazy("refuse: the session ends; warn: it is told in the system log; ignore: nothing."),
    )  # fmt: skip

    def act(self, by: Actor) -> None:
        """Set it."""
        given = self.cleaned_data
        done = set_partner_rule(by, self.about.identifier, given["rule"], given["severity"])
        if done.text:
            self.told = f"{self.told} {given['rule']}: {done.text}."


class CodesForm(PartnerForm):
    """More SSID codes."""

    button = gettext_lazy("Add")
    acts = (actions.add_codes,)
    places: ClassVar[Mapping[str, str]] = {"": "codes", "code": "codes"}
    codes = forms.CharField(
        label=gettext_lazy("SSID codes"), max_length=4_000, widget=forms.Textarea(attrs={"rows": 2, "cols": None}),
        help_text=gettext_lazy("Up to 25 characters each, as the station shows them; by line or by comma."),
    )  # fmt: skip

    def act(self, by: Actor) -> object:
        """Add them."""
        return actions.add_codes(by, self.about.identifier, list(entries_of(self.cleaned_data["codes"])))


class PinForm(CertificateForm):
    """More certificates of its own."""

    button = gettext_lazy("Add the certificate")
    acts = (actions.add_certificates,)
    force = forms.BooleanField(
        required=False, label=gettext_lazy("Take it all the same"),
        help_text=gettext_lazy("Where it has ended, or is a self-made one that calls itself a CA."),
    )  # fmt: skip

    def act(self, by: Actor) -> object:
        """Pin them."""
        return actions.add_certificates(by, self.about.identifier, self.given(), force=self.cleaned_data["force"])


class NameForm(CertificateForm):
    """One more pair of names: of a certificate, or typed."""

    button = gettext_lazy("Add the names")
    acts = (identity.add_names,)
    subject = forms.CharField(
        required=False, max_length=2_000, label=gettext_lazy("Or its subject"),
        help_text=gettext_lazy("Such as CN=Acme,O=Acme AG,C=DE."),
    )  # fmt: skip
    issuer = forms.CharField(required=False, max_length=2_000, label=gettext_lazy("And its issuer"))

    def clean(self) -> dict[str, Any]:
        """Want a certificate, or both names."""
        subject, issuer = self.cleaned_data.get("subject"), self.cleaned_data.get("issuer")
        if not subject and not issuer:
            return super().clean()
        for name, value in (("subject", subject), ("issuer", issuer)):
            if not value:
                self.add_error(name, _("Subject and issuer belong together: enter both"))
        if self.given():
            self.add_error("dropped", _("Give a certificate, or type the names: not both"))
        return self.cleaned_data

    def act(self, by: Actor) -> object:
        """Add the names."""
        given = self.cleaned_data
        if given["subject"]:
            names = [self._typed(given["issuer"], given["subject"])]
        else:
            names = [identity.names_in(octets) for octets in self.given()]
        return identity.add_names(by, self.about.identifier, names)

    def _typed(self, issuer: str, subject: str) -> Any:
        try:
            return identity.typed_name(issuer, subject)
        except OperatorError as error:
            field, _colon, text = str(error).partition(": ")
            raise OperatorError(str(error), fields={field: text}) from None
