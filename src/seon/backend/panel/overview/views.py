"""The page "Overview"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class OverviewPage(PanelPage):
    """What stands on the page."""

    title = _("Overview")
    template = "overview/overview.html"
