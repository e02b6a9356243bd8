"""The addresses of the page "Proxies", below `/panel/`."""

from seon.backend.panel.proxies.client import ClientPage, ListenerPage, NewClientPage
from seon.backend.panel.proxies.server import ProxyServerPage
from seon.backend.panel.proxies.views import ProxiesPage

urlpatterns = [
    ProxiesPage.at("proxies/", "proxies"),
    ProxyServerPage.at("proxies/servers/<int:pk>/", "proxies-server"),
    NewClientPage.at("proxies/clients/add/", "proxies-client-add"),
    ClientPage.at("proxies/clients/<int:pk>/", "proxies-client"),
    ListenerPage.at("proxies/clients/<int:pk>/ports/<int:port>/", "proxies-listener"),
]
