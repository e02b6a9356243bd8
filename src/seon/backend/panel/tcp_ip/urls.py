"""The addresses of the page "TCP/IP", below `/panel/`."""

from seon.backend.panel.tcp_ip.views import TcpIpOfServer, TcpIpPage

urlpatterns = [
    TcpIpPage.at("configuration/tcp-ip/", "tcp-ip"),
    TcpIpOfServer.at("configuration/tcp-ip/servers/<int:pk>/", "tcp-ip-server"),
]
