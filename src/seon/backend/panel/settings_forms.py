"""Forms for settings in general and for what one server has of its own. Behind each stands one act.

class Port(SettingsForm):
    labels = {"external_port": _("TCP/IP port of OFTP server (TLS)")}
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.configuration.actions import change_settings
from seon.backend.configuration.models import Settings
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.settings_fields import Stored, Text, checked, field_of
from seon.backend.proxies.actions import change_server
from seon.backend.proxies.models import ProxyServer
from seon.backend.session_rules.demands import DEMANDS
from seon.backend.session_rules.models import SessionRules, rules_of


class StoredForm(ActForm):
    """A form for some fields of a row that is stored. `labels` says which, and what they are called."""

    watches = True
    labels: ClassVar[Mapping[str, Text]] = {}
    helps: ClassVar[Mapping[str, Text]] = {}
    """In place of what the model says of a field."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.stored = {name: self.stored_field(name) for name in self.labels}
        for name, label in self.labels.items():
            self.fields[name] = self.made_field(name, label)
            self.initial.setdefault(name, self.value_of(name))

    def stored_field(self, name: str) -> Stored:
        """Return the field of the model."""
        raise NotImplementedError

    def made_field(self, name: str, label: Text) -> Any:
        """Return the field of the form."""
        return field_of(self.stored[name], label, help_text=self.helps.get(name, ""))

    def value_of(self, name: str) -> Any:
        """Return what is stored."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Check what was changed as the model does."""
        checked(self, self.stored)
        return self.cleaned_data


class RowForm(StoredForm):
    """A form for fields of a model, with the product's default beside each."""

    model: ClassVar[type[models.Model]]

    def stored_field(self, name: str) -> Stored:
        """Return the field of the model."""
        field = self.model._meta.get_field(name)
        assert isinstance(field, models.Field)
        return field

    def made_field(self, name: str, label: Text) -> Any:
        """Return the field with its default."""
        stored = self.stored[name]
        return field_of(stored, label, default=self.default_of(stored), help_text=self.helps.get(name, ""))

    def default_of(self, stored: Stored) -> object:
        """Return what holds where nobody says anything, as people read it."""
        return stored.get_default()


class SettingsForm(RowForm):
    """A form for some settings in general, the demands on sessions among them."""

    model = Settings

    def stored_field(self, name: str) -> Stored:
        """Return the field of the settings, or of the demands as the general row has it."""
        if name not in DEMANDS:
            return super().stored_field(name)
        field = SessionRules._meta.get_field(name)
        assert isinstance(field, models.Field)
        return _in_general(field)

    def default_of(self, stored: Stored) -> object:
        """Return the product's default."""
        return DEMANDS[stored.name].default if stored.name in DEMANDS else super().default_of(stored)

    def value_of(self, name: str) -> Any:
        """Return what holds."""
        settings = Settings.load()
        return getattr(rules_of(settings) if name in DEMANDS else settings, name)

    def act(self, by: Actor) -> Any:
        """Change what was changed."""
        return change_settings(by, self.changed())


def _in_general(field: Stored) -> Stored:
    """Return the field as the general row has it: there is no "as in general", something always holds."""
    if not field.choices:
        return field
    options: dict[str, Any] = {"help_text": field.help_text}
    made: Stored
    if isinstance(field, models.BooleanField):
        made = models.BooleanField(**options)
    else:
        made = models.CharField(choices=list(field.flatchoices)[1:], max_length=20, **options)
    made.set_attributes_from_name(field.name)
    return made


class ServerForm(StoredForm):
    """A form for what one server (`about`) has of its own; empty is as in general."""

    about: ProxyServer

    def stored_field(self, name: str) -> Stored:
        """Return the field of the server."""
        field = ProxyServer._meta.get_field(name)
        assert isinstance(field, models.Field)
        return field

    def made_field(self, name: str, label: Text) -> Any:
        """Return the field with what holds in general."""
        made = super().made_field(name, label)
        general = getattr(Settings.load(), name, "")
        made.help_text = f"{made.help_text} {_('In general: %s.') % (general if general != '' else _('empty'))}"
        return made

    def value_of(self, name: str) -> Any:
        """Return what the server has of its own."""
        return getattr(self.about, name)

    def act(self, by: Actor) -> Any:
        """Change what was changed."""
        texts = {name: "" if value is None else str(value) for name, value in self.changed().items()}
        return change_server(by, self.about.proxy_id, **texts)


class ConfigurationPage(PanelPage):
    """A page with forms for settings, seen by all, sent by those who may configure."""

    def shown(self) -> dict[str, Any]:
        """Return whether somebody may configure."""
        return {"may_configure": change_settings.may(self.by)}


class ServerPage(PanelPage):
    """What one server has of its own on one page of settings, which the address names by its number."""

    title = gettext_lazy("Server")
    template = "frame/server.html"
    back: ClassVar[str]
    """The name of the address of the page that it belongs to."""
    subject: ClassVar[Text]

    def heading(self) -> Text:
        """Return the server's name and what it is about."""
        return f"{self.subject}: {self.server}"

    @property
    def server(self) -> ProxyServer:
        """The server of the address. Raises Http404."""
        found = ProxyServer.objects.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Let the form be about the server."""
        return {"about": self.server}

    def shown(self) -> dict[str, Any]:
        """Return the server and where to go back to."""
        return {
            "server": self.server, "back": self.back, "subject": self.subject,
            "may_configure": change_server.may(self.by),
        }  # fmt: skip

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002 - as every form
        """Lead back to the page that it belongs to."""
        return redirect(self.back)
