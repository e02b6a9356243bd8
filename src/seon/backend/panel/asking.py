"""Who asks at the panel, and what a page answers where an act wants the password or refuses."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from seon.backend.acting.actors import Actor, Way, user_of
from seon.backend.acting.acts import ForbiddenError, PasswordNeededError
from seon.backend.errors import OperatorError
from seon.backend.panel import confirming, refusing


def actor(request: HttpRequest) -> Actor:
    """Return who asks, with the rights of this moment."""
    return user_of(request.user, Way.PANEL, confirmed=confirming.is_confirmed(request))


def acted(request: HttpRequest, show: Callable[[], HttpResponse]) -> HttpResponse:
    """Return what a page shows after its acts: itself, the question for the password, or what was refused."""
    hindered = confirming.take_password(request)
    if hindered is not None:
        return hindered
    try:
        return show()
    except PasswordNeededError:
        return confirming.ask(request)
    except ForbiddenError as error:  # the act has put it into the audit
        return refusing.denied(error)
    except OperatorError as error:
        messages.error(request, _("Nothing was changed: %s") % error)
    return redirect(request.get_full_path())
