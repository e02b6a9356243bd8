"""The page "Proxies"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class ProxiesPage(PanelPage):
    """What stands on the page."""

    title = _("Proxies")
    template = "proxies/proxies.html"
