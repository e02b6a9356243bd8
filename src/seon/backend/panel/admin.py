"""Panel: users, groups and failed logins, which Django and axes bring without unfold's clothes.

Who may change users is as good as an administrator: a role can be given to anybody (docs/design.md, "Acts"). So each
act here asks for the password again.
"""

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from seon.backend.acting.actors import Actor
from seon.backend.acting.rights import Right
from seon.backend.panel.base import ActingPage, Acts, Form, Page, ReadOnlyPage, actor, changed
from seon.backend.users import actions

admin.site.index_title = "Overview"

for model in (User, Group, AccessAttempt, AccessFailureLog, AccessLog):
    admin.site.unregister(model)


class _ActingPage(ActingPage):
    """A page of models that are not ours: no history is kept of them, so Django's own list of changes is shown."""

    object_history_template = None

    def get_urls(self) -> Any:
        """Leave out the pages of single versions."""
        return Page.get_urls(self)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show what was done in the panel."""
        return Page.history_view(self, request, object_id, extra_context)


def _password(label: str) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, strip=False, max_length=actions.MOST_PASSWORD,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip


class UserForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A user with its roles. What it may do comes from them alone."""

    roles = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"), to_field_name="name", widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Whoever may change users may give every right to anybody: as good as an administrator.",
    )  # fmt: skip
    password_new = _password("New password")
    password_twice = _password("New password once more")

    class Meta:
        model = User
        fields = ("username", "is_active")
        labels = {"username": "Name", "is_active": "May log in"}
        help_texts = {"is_active": ""}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial["roles"] = actions.roles_of(self.instance)
            self.fields["password_new"].help_text = "Empty: it stays. A new one ends the user's sessions."
        else:
            self.fields["password_new"].required = self.fields["password_twice"].required = True

    def clean(self) -> dict[str, Any]:
        """Refuse two different passwords."""
        given = super().clean() or self.cleaned_data
        if given.get("password_new", "") != given.get("password_twice", ""):
            self.add_error("password_twice", "The two passwords are not the same")
        return given


@admin.register(User)
class UserPage(_ActingPage):
    """Who may use the panel and the REST API."""

    form = UserForm
    acts = Acts(add=actions.add_user, change=actions.change_user, remove=actions.remove_user)
    list_display = ("username", "roles", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("username",)
    fields = ("username", "roles", "is_active", "password_new", "password_twice")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is shown: who only looks has no password to enter."""
        if self.has_change_permission(request, obj):
            return self.fields
        return ("username", "roles", "is_active", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what stays as it is: the audit knows a user by its name."""
        if obj and not self.has_change_permission(request, obj):
            return ("username", "roles", "is_active", "last_login")
        return ("username",) if obj else ()

    @admin.display(description="Roles")
    def roles(self, user: User) -> str:
        """Return the roles of a user."""
        return ", ".join(actions.roles_of(user))

    def do_add(self, by: Actor, form: Form) -> User:
        """Add the user."""
        given = form.cleaned_data
        added = actions.add_user(by, given["username"], _names(given["roles"]), given["password_new"])
        if not given["is_active"]:
            actions.change_user(by, added.username, active=False)
        return added

    def do_change(self, by: Actor, obj: User, form: Form) -> None:
        """Change what was changed, the password by its own act."""
        given = changed(form)
        if "roles" in given or "is_active" in given:
            roles = _names(given["roles"]) if "roles" in given else None
            actions.change_user(by, obj.username, roles=roles, active=given.get("is_active"))
        if given.get("password_new"):
            actions.set_password(by, obj.username, given["password_new"])

    def do_remove(self, by: Actor, obj: User) -> object:
        """Remove the user."""
        return actions.remove_user(by, obj.username)


def _names(roles: "QuerySet[Group]") -> list[str]:
    return [role.name for role in roles]


@admin.register(Group)
class GroupPage(ReadOnlyPage):
    """The roles, and what each one may do. They are made by `seonapi init`, which gives them back their rights."""

    list_display = ("name", "rights")
    search_fields = ("name",)
    fields = ("name", "rights")

    @admin.display(description="May")
    def rights(self, role: Group) -> str:
        """Return what a role may do, in words."""
        there = set(role.permissions.filter(content_type__app_label="acting").values_list("codename", flat=True))
        return "; ".join(right.meaning for right in Right if right.value in there)


@admin.register(AccessAttempt)
class AccessAttemptPage(_ActingPage):
    """Failed logins; removing one unlocks its user, from all addresses, before the time."""

    acts = Acts(remove=actions.unlock_user)
    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("username", "ip_address")
    fields = ("attempt_time", "username", "ip_address", "user_agent", "failures_since_start", "path_info")

    def do_remove(self, by: Actor, obj: AccessAttempt) -> object:
        """Unlock the user."""
        return actions.unlock_user(by, obj.username or "")

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Unlock each user that was chosen, once: a user has a row for each address."""
        with transaction.atomic():
            for name in sorted({attempt.username or "" for attempt in queryset}):
                actions.unlock_user(actor(request), name)
