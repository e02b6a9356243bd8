"""The addresses of the page "Limits", below `/panel/`."""

from seon.backend.panel.limits.views import LimitsPage

urlpatterns = [LimitsPage.at("configuration/limits/", "limits")]
