"""The addresses of the page "Proxies", below `/panel/`."""

from seon.backend.panel.proxies.views import ProxiesPage

urlpatterns = [ProxiesPage.at("proxies/", "proxies")]
