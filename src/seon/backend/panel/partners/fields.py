"""Fields of the partners' forms: files by drag and drop, and fields that a model checks."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import Act
from seon.backend.certificates import MAX_FILES
from seon.backend.configuration.lines import LinesField, entries_of
from seon.backend.panel.act_forms import ActForm
from seon.pki.containers import MAX_OCTETS

LONGEST_PASTE = 200_000
"""Characters of certificates that are pasted."""
NOTHING = gettext_lazy("empty")
_WORDS = (
    (", or use --force", gettext_lazy(", or tick “Take it all the same”")),
    ("use --force", gettext_lazy("tick “Take it all the same”")),
    ("or give --force", gettext_lazy("or tick “Take it all the same”")),
)
"""What acts say for the command line, and how the panel says it."""


def in_panel_words(text: str) -> str:
    """Return what an act says with the panel's ways instead of the command line's."""
    for command, words in _WORDS:
        text = text.replace(command, str(words))
    return text.partition("; see: seonapi ")[0]


class PartnerForm(ActForm):
    """A form whose act says what is wrong in words of the panel, at the fields that `places` name."""

    acts: ClassVar[tuple[Act[..., Any], ...]] = ()
    """The acts behind it: who may do them all sees the form."""
    places: ClassVar[Mapping[str, str]] = {}
    """The form's field for what an act calls otherwise; "" for what belongs to no field."""

    @classmethod
    def may(cls, by: Actor) -> bool:
        """Whether somebody may send it."""
        return all(act.may(by) for act in cls.acts)

    def _refuse(self, problems: Mapping[str, str]) -> None:
        super()._refuse({self.places.get(name, name): in_panel_words(text) for name, text in problems.items()})

    def facts(self) -> list[tuple[str, str]]:
        """Return name and value of each field, for who may not send it."""
        return [(str(one.label), self._fact(one)) for one in self.visible_fields()]

    def _fact(self, bound: forms.BoundField) -> str:
        value = bound.initial
        if isinstance(value, bool) and isinstance(bound.field, forms.BooleanField):
            return _("yes") if value else _("no")
        choices = dict(getattr(bound.field, "choices", ()))
        if isinstance(value, list | tuple):
            return ", ".join(str(choices.get(one, one)) for one in value) or str(NOTHING)
        if choices:
            return str(choices.get(value, choices.get("" if value is None else value, value)))
        return ", ".join(str(value).splitlines()) if value not in (None, "") else str(NOTHING)


class RowForm(PartnerForm):
    """A form for fields of a stored row, each of which its model checks: what is wrong stands at its field.

    `about` is the row. What stands in it already is taken, whatever the model says of it today.
    """

    watches = True
    names: ClassVar[Sequence[str]] = ()
    """The fields of the row, in their order."""
    unset: ClassVar[str | Any] = ""
    """What an empty field means, where that is the same for all of them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        row = options["about"]
        values = {name: getattr(row, name) for name in self.names}
        options["initial"] = {**values, **(options.get("initial") or {})}
        super().__init__(*args, **options)
        made = {name: self.made(name, row._meta.get_field(name)) for name in self.names}
        self.fields = {**made, **self.fields}

    def made(self, name: str, field: "models.Field[Any, Any]") -> forms.Field:  # noqa: ARG002 - for subclasses
        """Return the form's field for one of the row."""
        found: Any = field.formfield()
        found.label = str(found.label)
        if isinstance(found.widget, forms.Textarea):
            found.widget.attrs.update(rows=4, cols=None)
        if self.unset and not isinstance(field, models.BooleanField):
            found.help_text = f"{str(found.help_text).removesuffix('.')}; {self.unset}"
        return found  # type: ignore[no-any-return]

    def clean(self) -> dict[str, Any]:
        """Let the model check what was changed."""
        for name in self.names:
            if name in self.cleaned_data:
                self._check(name, self.about._meta.get_field(name))
        return self.cleaned_data

    def _check(self, name: str, field: "models.Field[Any, Any]") -> None:
        value = self.cleaned_data[name]
        if isinstance(field, LinesField) and isinstance(value, list):
            value = "\n".join(value)
        stored = getattr(self.about, name)
        if value == stored or (isinstance(field, LinesField) and entries_of(value) == entries_of(stored)):
            self.cleaned_data[name] = stored
            return
        if value is None or (value == "" and field.null):
            self.cleaned_data[name] = None
            return
        try:
            self.cleaned_data[name] = field.clean(value, self.about)
        except ValidationError as error:
            self.add_error(name, error)

    def changed(self) -> dict[str, Any]:
        """Return the values that differ from what is stored."""
        given = {name: self.cleaned_data[name] for name in self.names if name in self.cleaned_data}
        return {name: value for name, value in given.items() if value != getattr(self.about, name)}


class FilesInput(forms.ClearableFileInput):
    """A choice of files, several at once."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """Files, as a list of their octets; bounded in number and size."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[bytes]:  # noqa: ARG002
        """Return the octets of each file. Raises ValidationError for too many and for one that is too large."""
        files: list[UploadedFile[Any]] = [one for one in (data if isinstance(data, list | tuple) else [data]) if one]
        if self.required and not files:
            raise ValidationError(_("Choose a file"))
        if len(files) > MAX_FILES:
            raise ValidationError(_("These are %(count)d files; give %(most)d at most") % {
                "count": len(files), "most": MAX_FILES,
            })  # fmt: skip
        for one in files:
            if (one.size or 0) > MAX_OCTETS:
                raise ValidationError(_("A file has more than 1 MiB: no file with certificates is so large"))
        return [one.read() for one in files]

    def has_changed(self, initial: Any, data: Any) -> bool:  # noqa: ARG002
        """Whether a file was given."""
        return bool(data)


class CertificateForm(PartnerForm):
    """A form that takes certificates, dropped, chosen or pasted."""

    dropped = FilesField(
        required=False, label=gettext_lazy("Certificate files"),
        help_text=gettext_lazy("Drop them here, or choose them: PEM, DER (.cer, .crt), .p7b, .p12 without a password."),
    )  # fmt: skip
    pasted = forms.CharField(
        required=False, strip=True, max_length=LONGEST_PASTE, label=gettext_lazy("Or paste it here"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "s-mono"}),
        help_text=gettext_lazy("From -----BEGIN CERTIFICATE----- on."),
    )  # fmt: skip
    places: ClassVar[Mapping[str, str]] = {"": "dropped", "certificates": "dropped", "pem": "dropped"}

    def clean(self) -> dict[str, Any]:
        """Want a certificate in one of both."""
        if not self.errors and not self.given():
            self.add_error("dropped", _("Drop or choose a file, or paste a certificate below"))
        return self.cleaned_data

    def given(self) -> list[bytes]:
        """Return what was given, file by file."""
        pasted = self.cleaned_data.get("pasted", "")
        return [*(self.cleaned_data.get("dropped") or ()), *([pasted.encode()] if pasted else [])]
