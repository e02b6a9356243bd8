"""The addresses of the page "Tokens", below `/panel/`."""

from seon.backend.panel.tokens.views import TokensPage

urlpatterns = [TokensPage.at("tokens/", "tokens")]
