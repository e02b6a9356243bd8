"""The forms of the pages of own certificates."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.moments import MomentField
from seon.backend.panel.uploads import BringForm
from seon.backend.trust import own_actions
from seon.backend.trust.models import OwnKey

_FORCE = gettext_lazy("Use it although it is unwise")
_KINDS = [
    (own_actions.KeyKind.RSA_3072, "RSA 3072"),
    (own_actions.KeyKind.RSA_2048, "RSA 2048"),
    (own_actions.KeyKind.RSA_4096, "RSA 4096"),
    (own_actions.KeyKind.P_256, "ECDSA P-256"),
    (own_actions.KeyKind.P_384, "ECDSA P-384"),
]


def _when(required: bool = False) -> MomentField:
    text = gettext_lazy("In your local time. Empty: now.")
    return MomentField(label=gettext_lazy("Use it from"), required=required, help_text=text)


def _force() -> forms.BooleanField:
    return forms.BooleanField(
        label=_FORCE,
        required=False,
        help_text=gettext_lazy("Such as one that has expired, or without its intermediate: partners may refuse it."),
    )


def _ahead(form: ActForm) -> Any:
    """Return the time from which something is to be used. Raises ValidationError for one that has passed."""
    at = form.cleaned_data.get("use_from")
    if at is not None and at <= timezone.now():
        raise ValidationError(_("This time has passed: leave the field empty to use it now"))
    return at


class RequestForm(ActForm):
    """A key, and the request for its certificate."""

    button = gettext_lazy("Make key and request")
    told = ""
    common_name = forms.CharField(
        label=gettext_lazy("Common name (CN)"),
        max_length=64,
        help_text=gettext_lazy("Usually the DNS name of the external port, such as oftp.example.com."),
    )
    odette_id = forms.CharField(
        label=gettext_lazy("Odette ID"),
        max_length=25,
        required=False,
        help_text=gettext_lazy("The company's SSID code, such as O0013000001ACME. Odette's CA wants it."),
    )
    hosts = forms.CharField(
        label=gettext_lazy("DNS names"),
        required=False,
        max_length=15_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("Of the external port, one in each line, 50 at most."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Key"), choices=_KINDS, initial=own_actions.KeyKind.RSA_3072)
    name = forms.CharField(
        label=gettext_lazy("Name in lists"),
        required=False,
        max_length=own_actions.MAX_NAME,
        help_text=gettext_lazy("Such as 2027. Empty: the common name."),
    )

    def act(self, by: Actor) -> OwnKey:
        """Make both. The key is made first, and takes its time; nobody waits for the database meanwhile."""
        given = self.cleaned_data
        wanted = own_actions.RequestWanted(
            common_name=given["common_name"],
            odette_id=given["odette_id"],
            hosts=given["hosts"].split(),
            kind=own_actions.KeyKind(given["kind"]),
            name=given["name"],
        )
        if not own_actions.request_certificate.may(by):
            return own_actions.request_certificate(by, None)  # type: ignore[arg-type]  # it refuses that
        return own_actions.request_certificate(by, own_actions.prepare_request(wanted))


class AddForm(BringForm):
    """A certificate with its chain, and its key unless that was made here."""

    button = gettext_lazy("Take it in")
    told = ""
    password = forms.CharField(
        label=gettext_lazy("Password of the file"),
        required=False,
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("For PKCS#12, or a protected key. It is used once and kept nowhere."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name in lists"),
        required=False,
        max_length=own_actions.MAX_NAME,
        help_text=gettext_lazy("Such as 2027. Empty: the name of its request, else its subject."),
    )
    use = forms.BooleanField(
        label=gettext_lazy("Use it as well"),
        required=False,
        help_text=gettext_lazy("Not ticked: it is stored, and the one in use stays."),
    )
    use_from = _when()
    force = _force()

    def clean_use_from(self) -> Any:
        """Refuse a time that has passed."""
        return _ahead(self)

    def act(self, by: Actor) -> own_actions.Added:
        """Take it in."""
        given = self.cleaned_data
        addition = own_actions.Addition(
            files=self.brought(),
            password=given["password"].encode() or None,
            name=given["name"],
            use=given["use"] or given["use_from"] is not None,
            use_from=given["use_from"],
            force=given["force"],
        )
        return own_actions.add_certificate(by, addition)


class UseForm(ActForm):
    """When a certificate is used; `about` is that one."""

    button = gettext_lazy("Use it")
    use_from = _when()
    force = _force()

    def clean_use_from(self) -> Any:
        """Refuse a time that has passed."""
        return _ahead(self)

    def act(self, by: Actor) -> own_actions.Used:
        """Put it in use, or plan that."""
        given = self.cleaned_data
        return own_actions.use_certificate(by, self.about.fingerprint, given["use_from"], force=given["force"])


class BackForm(ActForm):
    """Back to the certificate that was in use before."""

    button = gettext_lazy("Go back to it")
    told = gettext_lazy("The certificate that was in use before is in use again.")
    force = _force()

    def act(self, by: Actor) -> own_actions.Used:
        """Go back."""
        return own_actions.go_back(by, force=self.cleaned_data["force"])


class RenameForm(ActForm):
    """Another name in lists; `about` is the certificate."""

    watches = True
    name = forms.CharField(label=gettext_lazy("Name in lists"), max_length=own_actions.MAX_NAME)

    def act(self, by: Actor) -> Any:
        """Rename it."""
        return own_actions.rename(by, self.about.fingerprint, self.cleaned_data["name"])


class AuthoritiesForm(BringForm):
    """CA certificates that complete chains."""

    button = gettext_lazy("Store them")
    told = ""

    def act(self, by: Actor) -> Any:
        """Store them."""
        kept, completed = own_actions.add_authorities(by, self.brought())
        self.told = " ".join(
            [
                *(_("%s is stored.") % one.subject for one in kept),
                *(_("The chain of %s is complete.") % one for one in completed),
            ]
        )
        return kept
