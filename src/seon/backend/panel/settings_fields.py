"""Fields of forms for stored settings: with what a value does, its bounds and the product's default beside it.

The model's field knows what may stand there. A form asks it, so that what is wrong is said at the field, in the words
that the command line uses too; the act asks it again.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from seon.backend.configuration.lines import LinesField
from seon.backend.configuration.values import allowed

Stored: TypeAlias = "models.Field[Any, Any]"
Text = str | Promise


class Lines(forms.CharField):
    """A short list, one entry a line. A browser ends lines in its own way: that is no change."""

    widget = forms.Textarea(attrs={"rows": 4})

    def to_python(self, value: object) -> str:
        """Return the text with the ends of lines as they are stored."""
        text: str = super().to_python(value) or ""
        return text.replace("\r\n", "\n")


def bounds_of(stored: Stored) -> tuple[int, int]:
    """Return the least and the most of a whole number."""
    least = [v.limit_value for v in stored.validators if isinstance(v, MinValueValidator)]
    most = [v.limit_value for v in stored.validators if isinstance(v, MaxValueValidator)]
    return max(least), min(most)


def field_of(stored: Stored, label: Text, *, default: object = None, help_text: Text = "") -> forms.Field:
    """Return the field of a form for a field of a model.

    `default`: what the product does where nobody says anything. `help_text`: in place of the model's.
    """
    about = " ".join(filter(None, (str(help_text) or _(str(stored.help_text)), _bounds(stored), _default(default))))
    options: dict[str, Any] = {"label": label, "help_text": about, "required": not stored.blank}
    if isinstance(stored, models.BooleanField):
        return forms.BooleanField(**{**options, "required": False})
    if stored.choices:
        return forms.ChoiceField(choices=list(stored.flatchoices), **options)
    if isinstance(stored, models.IntegerField):
        return _number(stored, options)
    if isinstance(stored, LinesField):
        return Lines(**options)
    return forms.CharField(max_length=stored.max_length, **options)


def checked(form: forms.Form, stored: Mapping[str, Stored]) -> None:
    """Put the one form of each text that was changed into a form, or what is wrong with it beside its field."""
    for name, field in stored.items():
        if name not in form.changed_data or name not in form.cleaned_data:
            continue
        value = form.cleaned_data[name]
        if not isinstance(value, str) or field.choices:
            continue
        try:
            form.cleaned_data[name] = field.clean(value, None)
        except ValidationError as error:
            form.add_error(name, error)


def _number(stored: Stored, options: dict[str, Any]) -> forms.IntegerField:
    least, most = bounds_of(stored)
    wrong = _("Enter a whole number from %(least)d to %(most)d.") % {"least": least, "most": most}
    if stored.blank:
        wrong = _("Enter a whole number from %(least)d to %(most)d, or nothing.") % {"least": least, "most": most}
    errors = dict.fromkeys(("invalid", "min_value", "max_value", "required"), wrong)
    return forms.IntegerField(min_value=least, max_value=most, error_messages=errors, **options)


def _bounds(stored: Stored) -> str:
    if isinstance(stored, models.BooleanField) or stored.choices:
        return ""
    if isinstance(stored, models.IntegerField):
        least, most = bounds_of(stored)
        return _("%(least)d to %(most)d.") % {"least": least, "most": most}
    if isinstance(stored, LinesField) or hasattr(stored, "allowed"):
        return f"{_('Allowed:')} {_(allowed(stored).removesuffix(', or empty'))}."
    return ""


def _default(default: object) -> str:
    if default in (None, "", ()):
        return ""
    if isinstance(default, bool):
        default = _("yes") if default else _("no")
    elif isinstance(default, tuple):
        default = ", ".join(map(str, default))
    return _("Default: %s.") % default
