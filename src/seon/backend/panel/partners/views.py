"""The page "Partners"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class PartnersPage(PanelPage):
    """What stands on the page."""

    title = _("Partners")
    template = "partners/partners.html"
