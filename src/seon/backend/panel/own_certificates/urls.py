"""The addresses of the pages of own certificates, below `/panel/`."""

from seon.backend.panel.own_certificates import views

urlpatterns = [
    views.OwnCertificatesPage.at("own-certificates/", "own-certificates"),
    views.RequestPage.at("own-certificates/request/", "own-request-new"),
    views.AddPage.at("own-certificates/add/", "own-add"),
    views.WaitingPage.at("own-certificates/requests/<slug:digest>/", "own-request"),
    views.RequestFile.at("own-certificates/requests/<slug:digest>/file", "own-request-file"),
    views.OwnCertificatePage.at("own-certificates/<slug:fingerprint>/", "own-certificate"),
    views.OwnCertificateFile.at("own-certificates/<slug:fingerprint>/file", "own-certificate-file"),
]
