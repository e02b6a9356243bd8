"""The addresses of the pages of trust, below `/panel/`."""

from seon.backend.panel.trust import views

urlpatterns = [
    views.TrustPage.at("trust/", "trust"),
    views.AnchorPage.at("trust/anchors/<slug:fingerprint>/", "anchor"),
    views.ListsPage.at("trust/crls/", "crls"),
    views.ListPage.at("trust/crls/<int:pk>/", "crl"),
    views.AuthoritiesPage.at("trust/authorities/", "authorities"),
]
