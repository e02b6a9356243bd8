"""Files that somebody brings: dropped on the field, chosen there, or pasted as text.

The whole body of a request is bounded by asgi.py, so each file is. What is in one, only an act reads.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.certificates import MAX_FILES
from seon.backend.panel.act_forms import ActForm

MOST_PASTED = 200_000
"""Characters."""


class _FilesInput(forms.FileInput):
    allow_multiple_selected = True


ONE = _FilesInput(attrs={"multiple": False})
"""The widget of a field that takes a single file; the form refuses more."""


class FilesField(forms.FileField):
    """Some files; cleaned it is a list of their octets."""

    widget = _FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[bytes]:
        """Return the octets of each file. Raises ValidationError."""
        given = [one for one in data if one] if isinstance(data, list | tuple) else [data] if data else []
        if len(given) > MAX_FILES:
            raise ValidationError(_("At most %d files are taken at once") % MAX_FILES)
        if not given:
            super().clean(None, initial)
            return []
        return [bytes(super(FilesField, self).clean(one, initial).read()) for one in given]


class BringForm(ActForm):
    """A form to which files are brought, or their text."""

    file = FilesField(
        label=gettext_lazy("Files"),
        required=False,
        help_text=gettext_lazy("Drop them here, or choose them. Forms: PEM, DER, PKCS#7 (p7b), PKCS#12 (p12, pfx)."),
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste it here (PEM)"),
        required=False,
        max_length=MOST_PASTED,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a form to which nothing was brought."""
        given = super().clean() or self.cleaned_data
        if not self.errors and not self.brought():
            self.add_error("file", _("Nothing was brought: choose a file, drop one here, or paste its text below"))
        return given

    def brought(self) -> list[bytes]:
        """Return what was brought, each file by itself."""
        files: list[bytes] = self.cleaned_data.get("file") or []
        text: str = self.cleaned_data.get("text") or ""
        return [*files, *([text.encode()] if text else [])]
