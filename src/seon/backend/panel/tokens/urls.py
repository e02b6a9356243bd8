"""The addresses of the pages of tokens, below `/panel/`."""

from seon.backend.panel.tokens.views import SecretPage, TokenPage, TokensPage

urlpatterns = [
    TokensPage.at("tokens/", "tokens"),
    TokenPage.at("tokens/<int:pk>/", "token"),
    SecretPage.at("tokens/<int:pk>/secret/", "token-secret"),
]
