"""The addresses of the page "Refused strangers", below `/panel/`."""

from seon.backend.panel.refused.views import RefusedPage, StrangerPage

urlpatterns = [
    RefusedPage.at("refused/", "refused"),
    StrangerPage.at("refused/<slug:fingerprint>/", "refused-one"),
]
