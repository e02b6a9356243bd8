"""The addresses of the page "Own certificates", below `/panel/`."""

from seon.backend.panel.own_certificates.views import OwnCertificatesPage

urlpatterns = [OwnCertificatesPage.at("own-certificates/", "own-certificates")]
