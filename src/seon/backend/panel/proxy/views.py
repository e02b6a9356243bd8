"""The page "Proxy"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class ProxyPage(PanelPage):
    """What stands on the page."""

    title = _("Proxy")
    template = "proxy/proxy.html"
