"""The page "Refused strangers"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class RefusedPage(PanelPage):
    """What stands on the page."""

    title = _("Refused strangers")
    template = "refused/refused.html"
