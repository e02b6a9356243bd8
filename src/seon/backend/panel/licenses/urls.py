"""The addresses of the page "Licenses", below `/panel/`."""

from seon.backend.panel.licenses.views import LicensesPage

urlpatterns = [LicensesPage.at("licenses/", "licenses")]
