"""Forms behind each of which stands an act: errors beside their fields, and nobody's change lost without a word.

A form that changes something carries what was there when it was shown, signed. If somebody else has changed one of
those values meanwhile, nothing is done: the form says so at each such field, with what stands there now, and is then
shown as new, so that whoever sends it a second time knows.
"""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import ForbiddenError, PasswordNeededError
from seon.backend.errors import OperatorError

SEEN = "seen"
"""The field with what was there when the form was shown."""
_SALT = "seon panel form"
_OPTIONS = {"--force": "force", "--password-file": "password", "--name": "name", "--issuer FILE": "issuer"}
"""What acts call an option of their command, and the field that a form has for it."""


class ActForm(forms.Form):
    """A form of a page. A subclass says its fields and its act."""

    button: ClassVar[str | Promise] = gettext_lazy("Save")
    told: str | Promise = gettext_lazy("Saved.")
    """What is said once it was done; an act may set it."""
    watches: ClassVar[bool] = False
    """Whether it changes what is there: then it minds what others have changed meanwhile."""
    result: Any = None
    """What the act has returned."""
    required_css_class = "required"

    def __init__(self, *args: Any, about: Any = None, **options: Any) -> None:
        """`about`: what the form changes, for `act`."""
        self.about = about
        super().__init__(*args, **options)

    def act(self, by: Actor) -> Any:
        """Do what was entered, by acts alone. Raises OperatorError, ValidationError."""
        raise NotImplementedError

    def do(self, by: Actor) -> bool:
        """Do what was entered if it is right; what is wrong stands in the form then.

        Raises PasswordNeededError and ForbiddenError, which the page answers.
        """
        if not self.is_valid() or not self._unchanged_by_others():
            return False
        try:
            self.result = self.act(by)
        except (PasswordNeededError, ForbiddenError):
            raise
        except OperatorError as error:
            self._refuse(error.fields or {"": str(error)})
        except ValidationError as error:
            self.add_error(None, error)
        return not self.errors

    def changed(self) -> dict[str, Any]:
        """Return the values that were changed, by the names of their fields."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}

    def seen_now(self) -> str:
        """Return what is there now, signed, for the form that is shown."""
        return signing.dumps(self._there(), salt=_SALT, compress=True)

    def minded(self) -> Collection[str]:
        """Return the fields whose changes by others are minded: all, unless a form sends some only."""
        return self.fields

    def _there(self) -> dict[str, str]:
        return {name: str(self.get_initial_for_field(field, name)) for name, field in self.fields.items()}

    def _unchanged_by_others(self) -> bool:
        if not self.watches:
            return True
        try:
            seen: Mapping[str, str] = signing.loads(str(self.data.get(self.add_prefix(SEEN), "")), salt=_SALT)
        except signing.BadSignature:
            self.add_error(None, _("This form is out of date: look at it again, and send it once more"))
            return False
        minded = self.minded()
        for name, now in self._there().items():
            if name in minded and seen.get(name) != now:
                self.add_error(name, _("Somebody else has changed this meanwhile; it is now: %s") % (now or _("empty")))
        return not self.errors

    def _refuse(self, problems: Mapping[str, str]) -> None:
        for name, text in problems.items():
            self.add_error(name if name in self.fields else None, self._in_words_of_the_form(text))

    def _in_words_of_the_form(self, text: str) -> str:
        """Return what an act says with the labels of the form's fields in the place of a command's options."""
        for option, name in _OPTIONS.items():
            if name in self.fields:
                text = text.replace(option, f"“{self.fields[name].label}”")
        return text
