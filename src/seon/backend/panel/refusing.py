"""What the panel says, and the audit keeps, where somebody may not do something."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from seon.backend.acting.actors import Way
from seon.backend.journal.recording import record

_ACTS = {"add": "add", "change": "change", "delete": "remove"}
"""The end of a page's name, and the act behind its form."""


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer a call that its user has no right for. One that was to change something stands in the audit."""
    if request.method == "POST" and request.user.is_authenticated:
        record("AUD-DENIED", user=request.user.get_username(), way=Way.PANEL.value, act=_act_of(request))
    context = {**admin.site.each_context(request), "title": "You may not do this"}
    return render(request, "panel/forbidden.html", context, status=403)


def _act_of(request: HttpRequest) -> str:
    """Return the name of the act that was tried, or of the page where there is none behind it."""
    match = request.resolver_match
    page, name = getattr(match and match.func, "model_admin", None), (match and match.url_name) or "panel"
    act = getattr(getattr(page, "acts", None), _ACTS.get(name.rpartition("_")[2], ""), None)
    return act.name if act else name
