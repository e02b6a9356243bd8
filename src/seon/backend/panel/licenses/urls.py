"""The addresses of the pages of licenses, below `/panel/`."""

from seon.backend.panel.licenses.views import LicenseFile, LicensePage, LicensesPage

urlpatterns = [
    LicensesPage.at("licenses/", "licenses"),
    LicensePage.at("licenses/<slug:serial>/", "license"),
    LicenseFile.at("licenses/<slug:serial>/seon_proxy.lic", "license-file"),
]
