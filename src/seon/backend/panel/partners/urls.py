"""The addresses of the page "Partners", below `/panel/`."""

from seon.backend.panel.partners.views import PartnersPage

urlpatterns = [PartnersPage.at("partners/", "partners")]
