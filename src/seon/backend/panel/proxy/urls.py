"""The addresses of the page "Proxy" and what belongs to it, below `/panel/`."""

from seon.backend.panel.proxy.clients import ClientPage, ListenerPage
from seon.backend.panel.proxy.ignoring import IgnoreRulePage
from seon.backend.panel.proxy.views import ProxyOfServer, ProxyPage

urlpatterns = [
    ProxyPage.at("configuration/proxy/", "proxy"),
    ProxyOfServer.at("configuration/proxy/servers/<int:pk>/", "proxy-server"),
    ClientPage.at("configuration/proxy/clients/<int:pk>/", "proxy-client"),
    ListenerPage.at("configuration/proxy/clients/<int:client>/ports/<int:pk>/", "proxy-port"),
    IgnoreRulePage.at("configuration/proxy/ignore/<int:pk>/", "ignore-rule"),
]
