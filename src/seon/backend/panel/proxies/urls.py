"""The addresses of the page "Proxies", below `/panel/`. What is stored of a client is changed on the page "Proxy"."""

from seon.backend.panel.proxies.caller import NewClientPage
from seon.backend.panel.proxies.server import ProxyServerPage
from seon.backend.panel.proxies.views import ProxiesPage

urlpatterns = [
    ProxiesPage.at("proxies/", "proxies"),
    ProxyServerPage.at("proxies/servers/<int:pk>/", "proxies-server"),
    NewClientPage.at("proxies/add-client/", "proxies-client-add"),
]
