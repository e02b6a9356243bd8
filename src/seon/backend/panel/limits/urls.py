"""The addresses of the page "Limits", below `/panel/`."""

from seon.backend.panel.limits.views import LimitsOfServer, LimitsPage

urlpatterns = [
    LimitsPage.at("configuration/limits/", "limits"),
    LimitsOfServer.at("configuration/limits/servers/<int:pk>/", "limits-server"),
]
