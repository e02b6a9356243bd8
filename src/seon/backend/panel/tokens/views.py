"""The page "Tokens"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class TokensPage(PanelPage):
    """What stands on the page."""

    title = _("Tokens")
    template = "tokens/tokens.html"
