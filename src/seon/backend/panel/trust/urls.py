"""The addresses of the page "Trust", below `/panel/`."""

from seon.backend.panel.trust.views import TrustPage

urlpatterns = [TrustPage.at("configuration/trust/", "trust")]
