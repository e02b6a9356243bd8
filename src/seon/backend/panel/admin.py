"""Panel: users, groups and failed logins, which Django and axes bring without unfold's clothes."""

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from seon.backend.acting.rights import Right
from seon.backend.panel.base import Page, Rights, actor

admin.site.index_title = "Overview"

for model in (User, Group, AccessAttempt, AccessFailureLog, AccessLog):
    admin.site.unregister(model)


class _UsersPage(Rights, Page):
    """A page for who may change users. It stores its rows itself."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Whether who asks may change users."""
        return actor(request).may(Right.USERS)

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(User)
class UserPage(_UsersPage, UserAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Who may use the panel."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupPage(_UsersPage, GroupAdmin):
    """Rights by group."""


@admin.register(AccessAttempt)
class AccessAttemptPage(_UsersPage):
    """Failed logins; removing one opens the door again before its time."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("username", "ip_address")
    readonly_fields = ("attempt_time", "username", "ip_address", "user_agent", "failures_since_start", "path_info")
    fields = readonly_fields

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002 - nobody may
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Whether who asks may change users."""
        return actor(request).may(Right.USERS)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False
