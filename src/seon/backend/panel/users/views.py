"""The pages of users: the list with roles and failed logins, adding one, and a page for each."""

from typing import Any, NamedTuple

from django import forms
from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seon.backend.acting.rights import ROLES, Right
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.lists import FilterForm, ListPage
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.users.forms import AddUserForm, ChangeUserForm, PasswordForm
from seon.backend.users import actions, lists
from seon.backend.users.sessions import sessions_of

MOST_NAME = 255
"""Characters of a name that somebody has tried to log in with."""


class UserFilter(FilterForm):
    """Which users are looked for."""

    role = forms.ChoiceField(
        required=False, label=gettext_lazy("Role"),
        choices=lambda: [("", _("any")), *((role.name, role.name) for role in lists.roles())],
    )  # fmt: skip
    active = forms.ChoiceField(
        required=False, label=gettext_lazy("May log in"),
        choices=[("", gettext_lazy("any")), ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))],
    )  # fmt: skip


class UserRow(NamedTuple):
    """A user as the list shows it."""

    user: User
    roles: str
    locked_until: Any


class UsersPage(ListPage):
    """Who may use the panel and the REST API, what each role may do, and who could not log in."""

    title = gettext_lazy("Users")
    template = "users/users.html"
    filter_class = UserFilter
    does = ("unlock",)

    def rows(self, given: dict[str, Any]) -> Any:
        """Return the users that are asked for."""
        active = {"yes": True, "no": False}.get(given.get("active", ""))
        return lists.users(given.get("q", ""), given.get("role", ""), active)

    def shown(self) -> dict[str, Any]:
        """Add locks, roles and failed logins."""
        shown = super().shown()
        found: list[User] = shown["rows"]
        locked = lists.locks(user.username for user in found)
        rows = [UserRow(user, ", ".join(actions.roles_of(user)), locked.get(user.username)) for user in found]
        return {
            **shown,
            "rows": rows,
            "roles": lists.roles(),
            "ours": tuple(ROLES),
            "failed": lists.failed_logins(),
            "most": lists.MOST_FAILED,
            "may_add": actions.add_user.may(self.by),
            "may_unlock": actions.unlock_user.may(self.by),
        }

    def do_unlock(self) -> None:
        """Forget the failed logins under a name, so that it can log in at once."""
        name = self.request.POST.get("name", "")[:MOST_NAME]
        count = actions.unlock_user(self.by, name)
        self.say(_("%s may log in at once.") % name if count else _("%s was not locked.") % name)


class AddUserPage(PanelPage):
    """A form for a new user."""

    title = gettext_lazy("Add user")
    template = "users/add.html"
    right = Right.USERS
    form_classes = {"add": AddUserForm}

    def shown(self) -> dict[str, Any]:
        """Return what the roles may do."""
        return {"roles": lists.roles()}

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002
        """Lead to the new user."""
        return redirect("panel:user", number=form.result.pk)


class UserPage(PanelPage):
    """One user: roles, password, failed logins, sessions."""

    title = gettext_lazy("User")
    template = "users/user.html"
    form_classes = {"change": ChangeUserForm, "password": PasswordForm}
    does = ("unlock", "end_sessions", "remove")

    def user(self) -> User:
        """Return the user of the address. Raises Http404."""
        found = User.objects.filter(pk=self.kwargs["number"]).first()
        if found is None:
            raise Http404
        return found

    def heading(self) -> str | Promise:
        """Return the user's name."""
        return f"{self.title}: {self.user().username}"

    def form_options(self, name: str) -> dict[str, Any]:
        """Return what is there now."""
        user = self.user()
        if name == "password":
            return {"about": user, "prefix": "new", "initial": {"user_name": user.username}}
        return {"about": user, "initial": {"roles": actions.roles_of(user), "active": user.is_active}}

    def shown(self) -> dict[str, Any]:
        """Return the user with what is known of its logins."""
        user = self.user()
        failed = lists.failed_logins(user.username)
        until = max((one.locked_until for one in failed if one.locked_until), default=None)
        return {
            "found": user,
            "roles": actions.roles_of(user),
            "known_roles": lists.roles(),
            "failed": failed,
            "locked_until": until,
            "sessions": len(sessions_of(user)),
            "is_oneself": user.pk == self.request.user.pk,
            "may_change": actions.change_user.may(self.by),
        }

    def do_unlock(self) -> None:
        """Forget its failed logins."""
        actions.unlock_user(self.by, self.user().username)
        self.say(_("The user may log in at once."))

    def do_end_sessions(self) -> None:
        """End its sessions."""
        count = actions.end_sessions(self.by, self.user().username)
        self.say(ngettext("%d session was ended.", "%d sessions were ended.", count) % count)

    def do_remove(self) -> HttpResponse | None:
        """Ask, then remove it."""
        name = self.user().username
        asked = self.ask(
            _("Remove the user %s?") % name,
            _("Remove"),
            _("Its sessions end, and it can no longer log in."),
            _("What it has done stays in the audit, under this name."),
        )
        if asked is not None:
            return asked
        actions.remove_user(self.by, name)
        self.say(_("The user %s was removed.") % name)
        return redirect("panel:users")
