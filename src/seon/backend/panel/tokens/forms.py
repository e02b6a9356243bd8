"""The forms of the page "Tokens"."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from seon.backend.acting.actors import Actor
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.moments import MomentField
from seon.backend.proxies.models import ProxyClient, ProxyServer
from seon.backend.trust.token_actions import MOST_OVERLAP, change_token, new_token, rotate_token


class _UseForm(ActForm):
    """Who may use a token, and how long."""

    client = forms.ModelChoiceField(
        ProxyClient.objects.order_by("name"),
        to_field_name="name",
        label=_("Client"),
        required=False,
        empty_label=_("any client"),
        help_text=_("Only from the address of this client does the token count."),
    )
    servers = forms.ModelMultipleChoiceField(
        ProxyServer.objects.order_by("name", "proxy_id"),
        to_field_name="proxy_id",
        label=_("Servers"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The servers that its client may serve. None chosen: every one with a license."),
    )
    expires_at = MomentField(
        label=_("Valid until"), required=False, help_text=_("In your local time. Empty: until it is withdrawn.")
    )

    def chosen(self) -> dict[str, Any]:
        """Return what was chosen, as the acts take it."""
        given = self.cleaned_data
        return {
            "client": given["client"].name if given["client"] else "",
            "proxy_ids": [server.proxy_id for server in given["servers"]],
            "expires_at": given["expires_at"],
        }


class NewForm(_UseForm):
    """A new token."""

    button = _("Make the token")
    told = ""
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For lists and the log, such as the name of the client's host.")
    )
    field_order = ("name", "client", "servers", "expires_at")

    def act(self, by: Actor) -> str:
        """Make it; the result is the token itself."""
        chosen = self.chosen()
        return new_token(by, self.cleaned_data["name"].strip(), chosen.pop("proxy_ids"), **chosen)


class ChangeForm(_UseForm):
    """Other clients, servers or another end for a token; `about` is that one."""

    watches = True

    def act(self, by: Actor) -> Any:
        """Change what was changed."""
        names = {"client": "client", "servers": "proxy_ids", "expires_at": "expires_at"}
        chosen = self.chosen()
        return change_token(by, self.about.name, **{names[name]: chosen[names[name]] for name in self.changed()})


class RotateForm(ActForm):
    """A new secret for a token; `about` is that one."""

    button = _("Rotate")
    told = ""
    days = forms.FloatField(
        label=_("Days that the secret before still counts"),
        min_value=0,
        max_value=MOST_OVERLAP.days,
        initial=1,
        help_text=_("0 to 90. In that time, give the new one to the client and restart it. 0: it ends at once."),
    )

    def act(self, by: Actor) -> str:
        """Rotate it; the result is the token itself."""
        return rotate_token(by, self.about.name, timedelta(days=self.cleaned_data["days"]))
