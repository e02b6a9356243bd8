"""The page "TCP/IP"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class TcpIpPage(PanelPage):
    """What stands on the page."""

    title = _("TCP/IP")
    template = "tcp_ip/tcp_ip.html"
