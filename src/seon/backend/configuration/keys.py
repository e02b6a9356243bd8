"""Settings by name, as the command line sets and shows them."""

from dataclasses import dataclass

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from seon.backend.configuration.models import Settings
from seon.backend.errors import OperatorError

_RECEIVE_DAEMON = "receive_daemon"
_HIDDEN = {"id", "receive_daemon_host", "receive_daemon_port"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting as it is shown: name, value, what may stand there, and what it means."""

    key: str
    value: str | int
    allowed: str
    meaning: str


def all_settings() -> list[Shown]:
    """Return every setting, in the order of the model."""
    settings = Settings.load()
    rows = [_shown(settings, field) for field in _fields() if field.name not in _HIDDEN]
    daemon = f"{settings.receive_daemon_host}:{settings.receive_daemon_port}" if settings.receive_daemon_host else ""
    meaning = Settings._meta.get_field("receive_daemon_host").help_text
    rows.insert(3, Shown(_RECEIVE_DAEMON, daemon, "HOST:PORT, or empty", str(meaning)))
    return rows


def set_setting(key: str, value: str) -> None:
    """Set one setting from text. Raises OperatorError that names the allowed values."""
    settings = Settings.load()
    if key == _RECEIVE_DAEMON:
        _set_receive_daemon(settings, value)
    else:
        field = _field(key)
        settings_value = _cleaned(field, settings, value.strip())
        setattr(settings, key, settings_value)
    try:
        settings.save()
    except ValidationError as error:
        raise OperatorError(f"{key}: {'; '.join(error.messages)}") from None


def split_host_port(text: str) -> tuple[str, int]:
    """Split `HOST:PORT` or `[V6]:PORT`. Raises OperatorError."""
    host, separator, port = text.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if bracketed:
        host = host[1:-1]
    usable = separator and host and (bracketed or ":" not in host)
    if not usable or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65_535:
        raise OperatorError(f"{text!r} is not HOST:PORT (an IPv6 address in brackets, port 1 to 65535)")
    return host, int(port)


def _set_receive_daemon(settings: Settings, value: str) -> None:
    settings.receive_daemon_host = ""
    if value.strip():
        settings.receive_daemon_host, settings.receive_daemon_port = split_host_port(value)


def _fields() -> list["models.Field[object, object]"]:
    return list(Settings._meta.fields)


def _field(key: str) -> "models.Field[object, object]":
    try:
        field = Settings._meta.get_field(key)
    except FieldDoesNotExist:
        field = None
    if field is None or key in _HIDDEN or not isinstance(field, models.Field):
        names = ", ".join(shown.key for shown in all_settings())
        raise OperatorError(f"There is no setting {key!r}; there are: {names}")
    return field


def _cleaned(field: "models.Field[object, object]", settings: Settings, value: str) -> object:
    try:
        return field.clean(value, settings)
    except ValidationError:
        raise OperatorError(f"{field.name} cannot be {value!r}; allowed: {_allowed(field)}") from None


def _shown(settings: Settings, field: "models.Field[object, object]") -> Shown:
    return Shown(field.name, getattr(settings, field.name), _allowed(field), str(field.help_text))


def _allowed(field: "models.Field[object, object]") -> str:
    if field.choices:
        return ", ".join(str(value) for value, _ in field.flatchoices)
    least = [v.limit_value for v in field.validators if isinstance(v, MinValueValidator)]
    most = [v.limit_value for v in field.validators if isinstance(v, MaxValueValidator)]
    if least and most:
        return f"{max(least)} to {min(most)}"  # Django and the database add bounds of their own
    return "a literal IPv4 or IPv6 address, or empty"
