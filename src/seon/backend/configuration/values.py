"""Values of model fields as the command line writes and shows them."""

from dataclasses import dataclass

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from seon.backend.configuration.hosts import EnteredField
from seon.backend.configuration.lines import LinesField, NetworksField, entries_of
from seon.backend.errors import OperatorError

Value = str | int | bool | list[str] | None
_BOOLEANS = {"yes": True, "no": False, "on": True, "off": False, "true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting as it is shown: name, value, what may stand there, and what it means."""

    key: str
    value: Value
    allowed: str
    meaning: str

    @property
    def text(self) -> str:
        """The value as the command line takes it."""
        match self.value:
            case None:
                return ""
            case bool():
                return "yes" if self.value else "no"
            case list():
                return ", ".join(self.value)
        return str(self.value)


def shown(row: models.Model, field: "models.Field[object, object]") -> Shown:
    """Return a field of a row as it is shown."""
    value = getattr(row, field.name)
    if isinstance(field, LinesField):
        value = list(entries_of(value))
    return Shown(field.name, value, allowed(field), str(field.help_text))


def read_value(row: models.Model, field: "models.Field[object, object]", text: str) -> object:
    """Return the value that a text says. Raises OperatorError that names what is allowed."""
    text = text.strip()
    try:
        if isinstance(field, models.BooleanField) and text:
            return _BOOLEANS[text.lower()]
        return None if field.null and not text else field.clean(text, row)
    except (ValidationError, KeyError) as error:
        if isinstance(field, EnteredField | NetworksField) and isinstance(error, ValidationError):
            said = " ".join(error.messages).partition("; allowed: ")[0]
            raise OperatorError(f"{field.name}: {said}; allowed: {allowed(field)}") from None
        raise OperatorError(f"{field.name} cannot be {text[:200]!r}; allowed: {allowed(field)}") from None


def told(error: ValidationError) -> str:
    """Say in one line what does not validate in a row, each with the name of its field."""
    named = error.message_dict.items()
    return "; ".join(("" if name == NON_FIELD_ERRORS else f"{name}: ") + " ".join(texts) for name, texts in named)


def by_field(error: ValidationError) -> dict[str, str]:
    """Return what does not validate in a row by the names of its fields; "" for the row as a whole."""
    return {"" if name == NON_FIELD_ERRORS else name: " ".join(texts) for name, texts in error.message_dict.items()}


def allowed(field: "models.Field[object, object]") -> str:
    """Say in words what may stand in a field."""
    return f"{_kind(field)}, or empty" if field.blank else _kind(field)


def _kind(field: "models.Field[object, object]") -> str:
    if isinstance(field, models.BooleanField):
        return "yes, no"
    if isinstance(field, LinesField | EnteredField):
        return field.allowed
    if field.choices:
        return ", ".join(str(value) for value, _ in field.flatchoices if value)
    least = [v.limit_value for v in field.validators if isinstance(v, MinValueValidator)]
    most = [v.limit_value for v in field.validators if isinstance(v, MaxValueValidator)]
    if least and most:
        return f"{max(least)} to {min(most)}"  # Django and the database add bounds of their own
    patterns = (str(v.message) for v in field.validators if isinstance(v, RegexValidator))
    return next(patterns, f"up to {field.max_length} characters")
