"""The page "Verification": the rules of OFTP2, demands on sessions and files, and who may come in."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.settings_fields import Text
from seon.backend.panel.settings_forms import ConfigurationPage, SettingsForm
from seon.backend.panel.verification.rules import RulesForm, groups


class Profile(SettingsForm):
    """How strictly, and what is told."""

    labels = {"profile": _("Profile"), "esid_names_rule": _("Name the broken rule in the ESID")}
    helps = {
        "profile": _(
            "How strictly OFTP2 is judged: default takes small faults of real stations with a warning, strict takes "
            "none. A rule below can differ from it."
        ),
        "esid_names_rule": _(
            "Where the proxy ends a session of level 5, the text of its ESID names the rule, to the side that broke it."
        ),
    }


class Sessions(SettingsForm):
    """What sessions must have."""

    labels = {
        "level_5_only": _("Only level 5"),
        "secure_authentication": _("Only with secure authentication"),
    }
    helps = {
        "level_5_only": _("Sessions below level 5 (OFTP 1.x) are refused. Rule POL-LEVEL."),
        "secure_authentication": _("Sessions without secure authentication are refused. Rule POL-AUTH."),
    }


def _file_labels(direction: str) -> Mapping[str, Text]:
    return {
        f"{direction}_max_octets": _("Greatest file, in octets"),
        f"{direction}_names": _("Virtual file names"),
        f"{direction}_destinations": _("Destinations"),
        f"{direction}_originators": _("Originators"),
    }


class Incoming(SettingsForm):
    """Which files partners may send."""

    labels = _file_labels("incoming")


class Outgoing(SettingsForm):
    """Which files partners may be sent."""

    labels = _file_labels("outgoing")


class Certificates(SettingsForm):
    """Which certificates are good enough."""

    labels = {
        "admission_usage": _("Certificates for another use"),
        "admission_unreadable": _("Certificates with extensions that cannot be read"),
        "admission_rsa_bits": _("Least RSA key, in bits"),
        "admission_weak_key": _("Weak keys"),
        "admission_weak_signature": _("Weak signatures"),
        "admission_ca_names": _("Tell callers the names of the trust anchors"),
    }
    helps = {
        "admission_usage": _("The extended key usage does not name client or server authentication."),
        "admission_weak_key": _("RSA keys with fewer bits than the value above, and elliptic curves below 256 bits."),
        "admission_weak_signature": _("Certificates below a trust anchor that are signed with SHA-1 or MD5."),
        "admission_ca_names": _("Some stations choose their certificate by these names. Others break on a long list."),
    }


class Revocation(SettingsForm):
    """How revocation lists count."""

    labels = {
        "admission_revocation": _("Revocation lists"),
        "admission_crl_days": _("Greatest age of a revocation list, in days"),
    }
    helps = {
        "admission_revocation": _(
            "hard: who is not shown to be good is refused. soft: only who is revoked is refused. ignore: the lists "
            "are not asked."
        ),
    }


TABS: tuple[tuple[str, Text], ...] = (
    ("panel:verification", _("Rules of OFTP2")),
    ("panel:verification-demands", _("Demands on sessions and files")),
    ("panel:verification-admission", _("Who may come in")),
)


class VerificationPage(ConfigurationPage):
    """One tab of the page."""

    title = _("Verification")
    tab: ClassVar[str]

    def shown(self) -> dict[str, Any]:
        """Return the tabs too."""
        return {**super().shown(), "tabs": TABS, "tab": self.tab}


class RulesPage(VerificationPage):
    """The rules with what each is worth."""

    template = "verification/rules.html"
    tab = "panel:verification"
    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {"profile": Profile, "rules": RulesForm}
    sent: RulesForm | None = None

    def make_form(self, name: str, *, sent: bool = False) -> ActForm:
        """Remember the form of the rules: the page shows its rows by itself."""
        form = super().make_form(name, sent=sent)
        if isinstance(form, RulesForm) and self.sent is None:
            self.sent = form
        return form

    def shown(self) -> dict[str, Any]:
        """Return the rules."""
        return {**super().shown(), "groups": groups(self.sent or RulesForm())}


class DemandsPage(VerificationPage):
    """What sessions and files must have."""

    template = "verification/demands.html"
    tab = "panel:verification-demands"
    form_classes = {"sessions": Sessions, "incoming": Incoming, "outgoing": Outgoing}


class AdmissionPage(VerificationPage):
    """Who may come in."""

    template = "verification/admission.html"
    tab = "panel:verification-admission"
    form_classes = {"certificates": Certificates, "revocation": Revocation}
