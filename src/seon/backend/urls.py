"""All paths: the client's API, readiness, and the panel."""

from django.contrib import admin
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from seon.api_messages import PATH
from seon.backend.api.problems import problem
from seon.backend.panel.own_password import own_password
from seon.backend.panel.refusing import forbidden
from seon.events import shown


async def healthz(_: HttpRequest) -> HttpResponse:
    """Answer that this process takes calls."""
    return HttpResponse("ok\n", content_type="text/plain")


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a call that Django refuses: by a name that is not in the https certificate, most of the time."""
    if not isinstance(exception, DisallowedHost):
        return problem(400, "This call is malformed")
    name = shown(str(request.META.get("HTTP_HOST", "")), 300)
    return problem(
        400, f"Seonapi does not answer by the name {name}: on its host, type: seonapi host add NAME (without the port)"
    )


admin.autodiscover()
handler400 = refused
handler403 = forbidden
urlpatterns = [
    path(PATH.lstrip("/"), include("seon.backend.api.urls")),
    path("healthz", healthz),
    path("panel/password_change/", admin.site.admin_view(own_password)),  # in the place of Django's, which is no act
    path("panel/", include("seon.backend.panel.urls")),
    path("panel/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    # What the URL of a client's -U names: a person who opens it gets the panel.
    path("index.php", RedirectView.as_view(pattern_name="admin:index")),
]
