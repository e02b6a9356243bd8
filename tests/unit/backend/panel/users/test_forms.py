"""Forms about users: what they take, and in which order they ask."""

from seon.backend.acting.roles import make_roles
from seon.backend.panel.users.forms import AddUserForm, ChangeUserForm, OwnPasswordForm


def test_fields_are_asked_for_in_the_order_in_which_people_think() -> None:
    assert list(AddUserForm().fields) == ["name", "roles", "password", "twice"]
    assert list(OwnPasswordForm().fields) == ["user_name", "old", "password", "twice"]


def test_every_role_that_there_is_can_be_given() -> None:
    make_roles()
    choices = [name for name, _ in ChangeUserForm().fields["roles"].choices]
    assert choices == ["administrator", "auditor", "operator"]


def test_a_password_keeps_its_blanks_and_is_never_shown_again() -> None:
    form = AddUserForm({"name": "x", "password": "  blanks at the ends  ", "twice": "  blanks at the ends  "})
    form.is_valid()
    assert form.cleaned_data["password"] == "  blanks at the ends  "
    assert "blanks" not in str(form["password"])
