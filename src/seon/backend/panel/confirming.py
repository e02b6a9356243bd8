"""The password once more: who asks for it, how long it counts, and the small page that asks.

An act that asks for the password again raises PasswordNeededError where it was entered too long ago. The page that is
shown then sends what was entered before once more, with the password; so nothing of a form is lost.
"""

import time

from django.contrib import admin
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminPasswordWidget

SECONDS = 300
"""How long a password that was entered counts."""
FIELD = "seon_password_again"
"""The page's field. No form has one of this name."""
_SESSION = "seon_password_entered"
_NOT_SENT_AGAIN = frozenset({FIELD, "csrfmiddlewaretoken"})


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the user entered the password within the last minutes, by the clock of this host."""
    entered: int = request.session.get(_SESSION, 0)
    return 0 <= time.time() - entered < SECONDS


def take_password(request: HttpRequest) -> str:
    """Take the password of the small page if there is one; return what is wrong with it, or nothing."""
    if request.method != "POST" or FIELD not in request.POST:
        return ""
    return check(request, request.POST[FIELD])


def check(request: HttpRequest, password: str) -> str:
    """Return what is wrong with the password of who asks, or nothing; it counts as entered just now then.

    A wrong one counts as a failed login, and after too many the door is locked as for a login.
    """
    # A request of its own: what guards the logins (axes) keeps what a request sends, and a form may hold secrets.
    asking = HttpRequest()
    asking.method, asking.path, asking.path_info = "POST", request.path, request.path_info
    asking.META, asking.session = request.META, request.session
    assert isinstance(request.user, User)
    found = authenticate(asking, username=request.user.get_username(), password=password)
    if found is None or found.pk != request.user.pk:
        if getattr(asking, "axes_locked_out", False):
            request.axes_locked_out = True  # type: ignore[attr-defined]  # axes answers then
        return "This password is wrong."
    _remember(request)
    return ""


def ask(request: HttpRequest, wrong: str = "") -> HttpResponse:
    """Return the page that asks for the password."""
    fields = [(name, value) for name, values in request.POST.lists() if name not in _NOT_SENT_AGAIN for value in values]
    widget = UnfoldAdminPasswordWidget(attrs={"autofocus": True, "autocomplete": "current-password", "required": True})
    context = {
        **admin.site.each_context(request),
        "title": "Your password, please",
        "fields": fields,
        "wrong": wrong,
        "password": widget.render(FIELD, "", {"id": "id_password"}),
    }
    response = TemplateResponse(request, "panel/password.html", context)
    response.headers["Cache-Control"] = "no-store"  # what was entered stands in it
    return response


@receiver(user_logged_in, dispatch_uid="seon.password.entered")
def _logged_in(request: HttpRequest, **_: object) -> None:
    _remember(request)


def _remember(request: HttpRequest) -> None:
    request.session[_SESSION] = int(time.time())
