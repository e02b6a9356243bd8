"""Failed logins stand in the API log as refused calls do: the first ones of a source as lines, the others counted."""

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from seon.backend.api.refusals import refusals
from seon.backend.api.sources import source_of


@receiver(user_login_failed, dispatch_uid="seon.login.failed")
def _failed(credentials: dict[str, str], request: HttpRequest | None = None, **_: object) -> None:
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
