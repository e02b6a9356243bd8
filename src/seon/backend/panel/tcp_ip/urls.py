"""The addresses of the page "TCP/IP", below `/panel/`."""

from seon.backend.panel.tcp_ip.views import TcpIpPage

urlpatterns = [TcpIpPage.at("configuration/tcp-ip/", "tcp-ip")]
