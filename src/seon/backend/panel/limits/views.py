"""The page "Limits"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class LimitsPage(PanelPage):
    """What stands on the page."""

    title = _("Limits")
    template = "limits/limits.html"
