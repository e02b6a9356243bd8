"""What the panel says where it does not show what was asked for, and what the audit keeps of that.

SECURITY: these pages go to strangers too. They name what a stranger knows or may know (the host names stand in the
https certificate), never a user, a path or a stack. They need neither a database nor a session: one of them says that
the database is away. What a call of the API gets stays JSON.
"""

import logging
import secrets
import sys

from django.conf import settings
from django.core.exceptions import BadRequest, DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_BAD_ORIGIN, REASON_NO_CSRF_COOKIE
from django.template.loader import get_template
from django.urls import set_script_prefix
from django.utils.translation import gettext as _

from seon.addresses import AddressError, read_host, split_host_port
from seon.api_messages import MAX_BODY
from seon.backend.acting.actors import Way
from seon.backend.acting.acts import ForbiddenError
from seon.backend.api.problems import BELOW, called_from, problem
from seon.backend.errors import OperatorError
from seon.backend.journal.recording import record
from seon.backend.panel.database_trouble import trouble_of
from seon.events import shown

MOST_NAMES = 20
"""Host names that a page names."""
_LONGEST = 300

log = logging.getLogger("seon.panel")


def page(status: int, title: str, *lines: str, command: str = "", code: str = "", again: str = "") -> HttpResponse:
    """Return a page that stands alone: what is wrong, and what to do.

    `lines`: sentences; `command`: what to type; `code`: what to look for in the log; `again`: a path to try once more.
    """
    about = {"title": title, "lines": lines, "command": command, "code": code, "again": again, "status": status,
             "product": settings.UNFOLD["SITE_TITLE"]}  # fmt: skip
    response = HttpResponse(get_template("panel/refused.html").render(about), status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a call that Django refuses: by a name that is not in the https certificate, most of the time."""
    if isinstance(exception, DisallowedHost):
        return _wrong_name(request)
    if _is_of_a_program(request):
        return problem(400, "This call is malformed")
    said = [str(exception)[:_LONGEST]] if type(exception) is BadRequest and str(exception) else []
    return page(400, _("This call is malformed"), *said, _("Go back, and try it again from the page itself."))


def _wrong_name(request: HttpRequest) -> HttpResponse:
    called = str(request.META.get("HTTP_HOST", ""))
    name = shown(called, _LONGEST)
    log.warning("Call by the name %s refused, path %s, from %s", name, _path(request), called_from(request))
    if _is_of_a_program(request):
        how = "on its host, type: seonapi host add NAME (without the port)"
        return problem(400, f"Seonapi does not answer by the name {name}: {how}")
    names = ", ".join(settings.ALLOWED_HOSTS[:MOST_NAMES])
    return page(
        400,
        _("Seonapi does not answer by this name"),
        _("You called it %s. It answers by the names in its https certificate: %s.") % (name, names),
        _("Use one of these names. Or add this one: type on the host of Seonapi, as the user of Seonapi:"),
        command=f"seonapi host add {_host_in(called) or 'NAME'}",
    )


def _host_in(called: str) -> str:
    """Return the host of a Host header; empty for what is no host name: nobody is to copy it into a shell."""
    try:
        return read_host(split_host_port(called, 0)[0])
    except AddressError:
        return ""


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer a call that its user has no right for. One that was to change something stands in the audit."""
    if request.method == "POST" and request.user.is_authenticated:
        name = (request.resolver_match and request.resolver_match.url_name) or "panel"
        record("AUD-DENIED", user=request.user.get_username(), way=Way.PANEL.value, act=name)
    return page(
        403,
        _("You may not do this"),
        _("Your roles do not allow this, and nothing was changed."),
        _("An administrator can give you another role, on the page Users."),
    )


def denied(error: ForbiddenError) -> HttpResponse:
    """Answer who has no right for an act; it stands in the audit already."""
    return page(403, _("You may not do this"), str(error), _("Nothing was changed."))


def out_of_date(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that does not belong to the login of the browser that has sent it (Django's CSRF check)."""
    log.warning("Form refused, path %s, from %s: %s", _path(request), called_from(request), reason[:_LONGEST])
    if reason == REASON_NO_CSRF_COOKIE:
        why = _("Your browser has sent no cookie with it. Let it take cookies of this page, then log in again.")
    elif reason.startswith(REASON_BAD_ORIGIN.partition("%")[0]):
        why = _("It comes from another page than this panel. A reverse proxy must pass the Host header on as it is.")
    else:
        why = _("Somebody has logged in or out with this browser meanwhile.")
    return page(
        403,
        _("This form is out of date"),
        _("Nothing was changed."),
        why,
        _("Open the page again, and send the form once more."),
    )


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer an address that there is nothing at."""
    if _is_of_a_program(request):
        return problem(404, "There is no such call")
    return page(
        404,
        _("There is no such page"),
        _("The address is wrong, or what it showed was removed meanwhile."),
        _("The overview leads to every page."),
    )


def locked(_request: HttpRequest, *_about: object) -> HttpResponse:
    """Answer who has entered too many wrong passwords; the same for a user that there is not."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds()) // 60
    response = page(
        429,
        _("Too many wrong passwords"),
        _("Logging in with this name from this address is locked. After %d minutes without a try it works again.")
        % minutes,
        _("Each try begins this time anew. From another address the user can log in now."),
        _("Another administrator can unlock the user at once, on the page Users. Or type on the host of Seonapi:"),
        command="seonapi user unlock NAME",
    )
    response.headers["Retry-After"] = str(60 * minutes)
    return response


def failed(request: HttpRequest) -> HttpResponse:
    """Answer a call that raised what nobody foresaw: an id stands on the page and in the log, beside the traceback."""
    error = sys.exc_info()[1]
    code = secrets.token_hex(4)
    log.error("Fault %s: %s %s failed", code, request.method, _path(request), exc_info=error)
    response = _told(request, error if isinstance(error, Exception) else None, code)
    # Django would write the same traceback into the log once more.
    response._has_been_logged = True  # type: ignore[attr-defined]  # of Django's log_response
    return response


def _told(request: HttpRequest, error: Exception | None, code: str) -> HttpResponse:
    trouble = trouble_of(error) if error else None
    if trouble is not None:
        if _is_of_a_program(request):
            return problem(503, f"{trouble.title}: {trouble.advice}")
        again = request.get_full_path() if request.method == "GET" else ""
        return page(503, trouble.title, trouble.what, trouble.advice, command=trouble.command, code=code, again=again)
    if _is_of_a_program(request):
        return problem(500, f"Seonapi failed on this call; its log file says why, at {code}")
    if isinstance(error, OperatorError):
        return page(500, _("This does not work now"), str(error), code=code)
    return page(
        500,
        _("Seonapi failed on this page"),
        _("Nothing was changed. The fault is in Seonapi, and not in what you did."),
        _("Its log file says why. Please report the fault with these lines of the log."),
        code=code,
    )


def too_large(prefix: str) -> HttpResponse:
    """Return what somebody is told who sends more than a form may have; it is shown without Django around it."""
    set_script_prefix(f"{prefix}/")
    return page(
        413,
        _("This is too large"),
        _("A form with its files has at most %d MB. Nothing was changed.") % (MAX_BODY // 1_000_000),
        _("Send less at once: a certificate has a few kB, a revocation list of this size goes in by the command line."),
        command="seonapi crl add FILE",
    )


def _path(request: HttpRequest) -> str:
    return request.path[:_LONGEST]


def _is_of_a_program(request: HttpRequest) -> bool:
    return request.path_info.startswith(BELOW)
