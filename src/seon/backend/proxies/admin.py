"""Panel: servers and clients."""

from django.contrib import admin

from seon.backend.panel.base import AuditedPage, Rows
from seon.backend.proxies.models import Listener, ProxyClient, ProxyServer


class ListenerRows(Rows):
    """The listening ports of a client."""

    model = Listener
    extra = 0


@admin.register(ProxyClient)
class ProxyClientPage(AuditedPage):
    """A client and its listening ports."""

    list_display = ("name", "address")
    search_fields = ("name", "address")
    inlines = (ListenerRows,)


@admin.register(ProxyServer)
class ProxyServerPage(AuditedPage):
    """A server by its Proxy ID."""

    list_display = ("proxy_id", "name")
    search_fields = ("proxy_id", "name")
