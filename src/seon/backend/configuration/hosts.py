"""Fields for hosts and addresses: checked and brought into their one form when they are entered (seon.addresses)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from seon import addresses

if TYPE_CHECKING:
    CharField = models.CharField[Any, Any]
else:  # generic in the stubs only
    CharField = models.CharField


class _EnteredInForm(forms.CharField):
    """Its form, so that rows of one page are compared in it. What cannot be read is for the model to refuse."""

    def __init__(self, *, read: Callable[[str], str], **options: Any) -> None:
        super().__init__(**options)
        self._read = read

    def to_python(self, value: object) -> str | None:
        """Return the one form of what was entered, or what was entered."""
        text: str | None = super().to_python(value)
        try:
            return self._read(text) if text else text
        except addresses.AddressError:
            return text


class EnteredField(CharField):
    """A text that `read` accepts, stored as it returns it; `allowed` says in words what that is."""

    read: ClassVar["staticmethod[[str], str]"]
    allowed: ClassVar[str]

    def clean(self, value: Any, model_instance: models.Model | None) -> str:
        """Return the one form of what was entered. Raises ValidationError that says what to enter."""
        text = str(value or "").strip()
        try:
            text = type(self).read(text) if text else ""
        except addresses.AddressError as error:
            raise ValidationError(str(error)) from None
        return str(super().clean(text, model_instance))

    def deconstruct(self) -> Any:
        """Be a CharField for migrations: in the database it is one, and SQLite would rebuild the table for another."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options

    def formfield(self, **options: Any) -> Any:
        """Return the field of a form."""
        return super().formfield(**{"form_class": _EnteredInForm, "read": type(self).read, **options})


class HostField(EnteredField):
    """A host that is dialled."""

    read = staticmethod(addresses.read_host)
    allowed = "a host name or an IP address, without port"


class _LiteralField(EnteredField):
    allowed = "a literal IPv4 or IPv6 address, without port"


class ListeningAddressField(_LiteralField):
    """An address to listen on."""

    read = staticmethod(addresses.listening_address)


class SourceAddressField(_LiteralField):
    """An address that connections come from."""

    read = staticmethod(addresses.source_address)


class ClientAddressField(_LiteralField):
    """The address by which a client is known."""

    read = staticmethod(addresses.client_address)
