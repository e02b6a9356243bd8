"""The addresses of the page "Proxy", below `/panel/`."""

from seon.backend.panel.proxy.views import ProxyPage

urlpatterns = [ProxyPage.at("configuration/proxy/", "proxy")]
