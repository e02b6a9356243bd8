"""The page "About"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class AboutPage(PanelPage):
    """What stands on the page."""

    title = _("About")
    template = "about/about.html"
