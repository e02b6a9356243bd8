"""The addresses of the page "Overview", below `/panel/`."""

from seon.backend.panel.overview.views import OverviewPage

urlpatterns = [OverviewPage.at("", "overview")]
