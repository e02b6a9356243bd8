"""Logins to the panel: what its page says, and how failed ones are told.

They stand in the API log as refused calls do: the first ones of a source as lines, the others counted.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from seon.backend.api.refusals import refusals
from seon.backend.api.sources import source_of


class LoginForm(AuthenticationForm):
    """What is said is the same for a wrong password, a name that no user has, and a user that may not log in."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        minutes = int(settings.AXES_COOLOFF_TIME.total_seconds()) // 60
        wrong = _(
            "The name or the password is wrong, or the user may not log in. After %(count)d wrong passwords in a row "
            "the name is locked for this address, for %(minutes)d minutes."
        ) % {"count": settings.AXES_FAILURE_LIMIT, "minutes": minutes}
        self.error_messages = {"invalid_login": wrong, "inactive": wrong}
        self.fields["username"].label = _("Name")

    def confirm_login_allowed(self, user: User) -> None:
        """Refuse who may not use the panel."""
        super().confirm_login_allowed(user)
        if not user.is_staff:
            raise self.get_invalid_login_error()


@receiver(user_login_failed, dispatch_uid="seon.login.failed")
def _failed(credentials: dict[str, str], request: HttpRequest | None = None, **_more: object) -> None:
    """Tell it. Not only the login's page comes here: a wrong password on the page that asks for it again does, too."""
    if request is not None:
        refusals.refused(
            source_of(request), _reason(request, credentials.get("username", "")), request.path, "AUD-LOGIN"
        )


def _reason(request: HttpRequest, name: str) -> str:
    """Name only users that there are: who types a password into the wrong field must not find it in a log."""
    who = f"user {name}" if User.objects.filter(username=name).exists() else "a user that does not exist"
    if getattr(request, "axes_locked_out", False):
        return f"{who} is locked for this source after too many failed logins"
    return f"wrong password of {who}" if who.startswith("user ") else who
