"""The addresses of the page "Refused strangers", below `/panel/`."""

from seon.backend.panel.refused.views import RefusedPage

urlpatterns = [RefusedPage.at("refused/", "refused")]
