"""Forms for clients and their listening ports."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.panel.settings_fields import Stored, Text
from seon.backend.panel.settings_forms import StoredForm
from seon.backend.partners.models import MOST_PARTNERS, Partner
from seon.backend.proxies.actions import add_client, add_listener, change_client, change_listener
from seon.backend.proxies.models import Listener, ProxyClient

CLIENT_LABELS: Mapping[str, Text] = {
    "name": gettext_lazy("Name"),
    "address": gettext_lazy("IP address"),
    "receive_daemon_host": gettext_lazy("Hostname or IP address of host running Seon receive daemon"),
    "receive_daemon_port": gettext_lazy("TCP port of the receive daemon"),
}
PORT_LABELS: Mapping[str, Text] = {
    "address": gettext_lazy("IP address"),
    "port": gettext_lazy("TCP port"),
}


class ClientForm(StoredForm):
    """What is stored of a client (`about`)."""

    labels = CLIENT_LABELS
    helps = {
        "name": gettext_lazy("Under this name the panel and the commands show the client."),
        "address": gettext_lazy("From this address the client calls Seonapi. ::1 counts as 127.0.0.1."),
    }
    about: ProxyClient | None

    def stored_field(self, name: str) -> Stored:
        """Return the field of the client."""
        return _field(ProxyClient, name)

    def value_of(self, name: str) -> Any:
        """Return what is stored."""
        return getattr(self.about, name) if self.about else None

    def act(self, by: Actor) -> Any:
        """Change what was changed."""
        assert self.about is not None
        return change_client(by, self.about.name, **_texts(self.changed()))


class NewClientForm(ClientForm):
    """A client that is to be added."""

    watches = False
    button = gettext_lazy("Add client")
    told = gettext_lazy("Client added.")

    def act(self, by: Actor) -> Any:
        """Add it."""
        given = _texts(self.cleaned_data)
        return add_client(by, given.pop("name"), given.pop("address"), **given)


class ListenerForm(StoredForm):
    """A listening port (`about`) that is there."""

    labels = PORT_LABELS
    about: Listener

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        partners = Partner.objects.order_by("identifier").values_list("identifier", "name")[:MOST_PARTNERS]
        self.fields["partner"] = forms.ChoiceField(
            label=_("Partner"),
            choices=[("", "–"), *((identifier, f"{identifier} ({name})") for identifier, name in partners)],
            help_text=_("A session that comes to this port goes out to this partner."),
        )
        self.initial.setdefault("partner", self.partner_of())

    def stored_field(self, name: str) -> Stored:
        """Return the field of the listening port."""
        return _field(Listener, name)

    def value_of(self, name: str) -> Any:
        """Return what is stored."""
        return getattr(self.about, name)

    def partner_of(self) -> str:
        """Return the partner that the port leads to."""
        return self.about.partner.identifier

    def act(self, by: Actor) -> Any:
        """Change what was changed."""
        row = self.about
        return change_listener(by, row.client.name, row.port, row.address, **_texts(self.changed()))


class NewListenerForm(ListenerForm):
    """A listening port that is to be added to a client (`about`)."""

    watches = False
    button = gettext_lazy("Add listening port")
    told = gettext_lazy("Listening port added.")
    about: Any

    def value_of(self, name: str) -> Any:
        """Return what is usual."""
        return "127.0.0.1" if name == "address" else None

    def partner_of(self) -> str:
        """Return nothing: somebody chooses one."""
        return ""

    def act(self, by: Actor) -> Any:
        """Add it."""
        given = self.cleaned_data
        return add_listener(by, self.about.name, given["port"], given["partner"], given["address"])


def _field(model: type[models.Model], name: str) -> Stored:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return values as the acts take them: empty is "as in general"."""
    return {name: "" if value is None else str(value) for name, value in values.items()}
