"""Forms for clients and their listening ports."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.addresses import AddressError, listening_address
from seon.backend.acting.actors import Actor
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.settings_forms import RowForm
from seon.backend.partners.models import Partner
from seon.backend.proxies.actions import add_client, add_listener, change_client, change_listener
from seon.backend.proxies.models import Listener, ProxyClient

MOST_SUGGESTED = 1_000
"""Partners that a field suggests; any other can be typed."""


class NewClient(RowForm):
    """A client that is to be added."""

    watches = False
    model = ProxyClient
    button = gettext_lazy("Add client")
    told = gettext_lazy("The client was added.")
    labels = {"name": gettext_lazy("Name"), "address": gettext_lazy("IP address")}
    helps = {
        "name": gettext_lazy("As you call it: up to 120 characters, none of them /."),
        "address": gettext_lazy("From which the client calls Seonapi. ::1 counts as 127.0.0.1."),
    }

    def value_of(self, name: str) -> Any:  # noqa: ARG002 - there is none yet
        """Return nothing."""
        return ""

    def act(self, by: Actor) -> Any:
        """Add it."""
        return add_client(by, self.cleaned_data["name"], self.cleaned_data["address"])


class ChangedClient(NewClient):
    """A client (`about`) that is to be changed."""

    about: ProxyClient
    watches = True
    button = gettext_lazy("Save")
    told = gettext_lazy("Saved.")
    labels = NewClient.labels | {
        "receive_daemon_host": gettext_lazy("Own hostname or IP address of host running Seon receive daemon"),
        "receive_daemon_port": gettext_lazy("Own port of Seon receive daemon"),
    }

    def value_of(self, name: str) -> Any:
        """Return what is stored."""
        return getattr(self.about, name)

    def act(self, by: Actor) -> Any:
        """Change what was changed."""
        texts = {name: "" if value is None else str(value) for name, value in self.changed().items()}
        return change_client(by, self.about.name, **texts)


class PortForm(ActForm):
    """What a listening port has: where it is, and to which partner it leads."""

    port = forms.IntegerField(label=gettext_lazy("Listening port"), min_value=1, max_value=65_535)
    partner = forms.CharField(
        label=gettext_lazy("Partner"), max_length=120, widget=forms.TextInput(attrs={"list": "partners"}),
        help_text=gettext_lazy("The id of the partner to which this port leads."),
    )  # fmt: skip
    address = forms.CharField(
        label=gettext_lazy("Listens on"), max_length=60, initial="127.0.0.1",
        help_text=gettext_lazy(
            "An IP address of the client's host. Every program that reaches it sends under your certificate: "
            "127.0.0.1 is reached from the same host only."
        ),
    )  # fmt: skip

    def clean_partner(self) -> str:
        """Return the id of a partner that is there."""
        identifier: str = self.cleaned_data["partner"]
        if not Partner.objects.filter(identifier=identifier).exists():
            raise forms.ValidationError(_("There is no partner with this id: choose one from the list"))
        return identifier

    def clean_address(self) -> str:
        """Return the address in its one form."""
        try:
            return listening_address(self.cleaned_data["address"])
        except AddressError as error:
            raise forms.ValidationError(str(error)) from None


class NewPort(PortForm):
    """A listening port that is to be added to a client (`about`)."""

    about: ProxyClient
    button = gettext_lazy("Add listening port")
    told = gettext_lazy("The listening port was added.")

    def act(self, by: Actor) -> Any:
        """Add it."""
        given = self.cleaned_data
        return add_listener(by, self.about.name, given["port"], given["partner"], given["address"])


class ChangedPort(PortForm):
    """A listening port (`about`) that is to be changed."""

    about: Listener
    watches = True

    def act(self, by: Actor) -> Any:
        """Change it."""
        given, before = self.cleaned_data, self.about
        to = (given["address"], given["port"])
        return change_listener(by, before.client.name, before.port, before.address, to=to, partner=given["partner"])


def suggested_partners() -> list[tuple[str, str]]:
    """Return ids and names of partners, for the fields that take one."""
    return list(Partner.objects.order_by("identifier").values_list("identifier", "name")[:MOST_SUGGESTED])
