"""The page "Trust"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class TrustPage(PanelPage):
    """What stands on the page."""

    title = _("Trust")
    template = "trust/trust.html"
