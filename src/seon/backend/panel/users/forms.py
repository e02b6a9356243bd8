"""Forms about users: adding one, its roles, its password, one's own password."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.panel import confirming
from seon.backend.panel.act_forms import ActForm
from seon.backend.users import actions


def _password(label: Any, autocomplete: str = "new-password") -> forms.CharField:
    return forms.CharField(
        label=label, strip=False, max_length=actions.MOST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )  # fmt: skip


def _roles() -> list[tuple[str, str]]:
    return [(name, name) for name in Group.objects.order_by("name").values_list("name", flat=True)]


class _TwiceForm(ActForm):
    """A form with a new password, which is entered twice."""

    password = _password(gettext_lazy("New password"))
    twice = _password(gettext_lazy("New password once more"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password"].help_text = (
            _("At least %d characters. It must not be like the name, nor one that many people use.")
            % actions.least_password()
        )

    def clean(self) -> dict[str, Any]:
        """Refuse two different passwords."""
        given = super().clean() or self.cleaned_data
        if {"password", "twice"} <= given.keys() and given["password"] != given["twice"]:
            self.add_error("twice", _("The two passwords are not the same"))
        return given


class _NamedForm(_TwiceForm):
    """Such a form about a user that is there."""

    user_name = forms.CharField(
        label=gettext_lazy("User"), required=False, disabled=True,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )  # fmt: skip
    """Whose password it is: password managers ask for that."""


class AddUserForm(_TwiceForm):
    """A new user."""

    button = gettext_lazy("Add user")
    told = gettext_lazy("The user was added.")
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username"}),
        help_text=gettext_lazy("Letters, digits and @ . + - _ only. It cannot be changed later: the audit has it."),
    )  # fmt: skip
    roles = forms.MultipleChoiceField(label=gettext_lazy("Roles"), choices=_roles, widget=forms.CheckboxSelectMultiple)
    field_order = ("name", "roles", "password", "twice")

    def act(self, by: Actor) -> User:
        """Add the user."""
        given = self.cleaned_data
        return actions.add_user(by, given["name"], given["roles"], given["password"])


class ChangeUserForm(ActForm):
    """The roles of a user, and whether it may log in. `about`: the user."""

    about: User
    watches = True
    told = gettext_lazy("The user was changed.")
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"), choices=_roles, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Whoever may change users may give every right to anybody: it is as good as an administrator."
        ),
    )  # fmt: skip
    active = forms.BooleanField(
        label=gettext_lazy("May log in"), required=False,
        help_text=gettext_lazy("Without it the user stays in the list, and its sessions end."),
    )  # fmt: skip

    def act(self, by: Actor) -> User:
        """Change what was changed."""
        return actions.change_user(by, self.about.username, **self.changed())


class PasswordForm(_NamedForm):
    """Another password for a user. `about`: the user."""

    about: User
    field_order = ("user_name", "password", "twice")
    button = gettext_lazy("Set password")
    told = gettext_lazy("The password was set. The user's sessions have ended, and it may log in at once.")

    def act(self, by: Actor) -> User:
        """Set the password."""
        return actions.set_password(by, self.about.username, self.cleaned_data["password"])


class OwnPasswordForm(_NamedForm):
    """One's own password. The old one is asked for as at a login, so that who guesses it is locked out."""

    about: HttpRequest
    button = gettext_lazy("Change password")
    told = gettext_lazy("Your password was changed. Where else you were logged in, you are no longer.")
    old = _password(gettext_lazy("Old password"), "current-password")
    field_order = ("user_name", "old", "password", "twice")

    def clean_old(self) -> str:
        """Refuse a wrong one."""
        wrong = confirming.check(self.about, self.cleaned_data["old"])
        if wrong:
            raise forms.ValidationError(wrong)
        return str(self.cleaned_data["old"])

    def act(self, by: Actor) -> User:
        """Change it. The old one was entered just now."""
        return actions.change_own_password(replace(by, confirmed=True), self.cleaned_data["password"])
