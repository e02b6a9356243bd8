"""All paths: the client's API, readiness, and the panel."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from seon.api_messages import PATH
from seon.backend.panel import refusing
from seon.backend.panel.overview.views import OverviewPage
from seon.backend.panel.own_password import OwnPasswordPage


async def healthz(_: HttpRequest) -> HttpResponse:
    """Answer that this process takes calls."""
    return HttpResponse("ok\n", content_type="text/plain")


handler400 = refusing.malformed
handler403 = refusing.forbidden
handler404 = refusing.missing
handler500 = refusing.failed
# What Django's admin site calls by its name; of its own pages the login alone is shown, in our clothes.
_SITE = [
    path("", admin.site.admin_view(OverviewPage.as_view()), name="index"),
    path("login/", admin.site.login, name="login"),
    path("logout/", admin.site.logout, name="logout"),
    path("password_change/", admin.site.admin_view(OwnPasswordPage.as_view()), name="password_change"),
]
urlpatterns = [
    path(PATH.lstrip("/"), include("seon.backend.api.urls")),
    path("healthz", healthz),
    path("panel/", include("seon.backend.panel.urls")),
    path("panel/", include((_SITE, "admin"))),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    # What the URL of a client's -U names: a person who opens it gets the panel.
    path("index.php", RedirectView.as_view(pattern_name="admin:index")),
]
