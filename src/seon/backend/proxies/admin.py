"""Panel: servers and clients."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from seon.backend.acting.actors import Actor
from seon.backend.panel.base import ActingPage, ActingRows, Acts, Form, changed
from seon.backend.proxies.actions import (
    CLIENT_KEYS,
    SERVER_KEYS,
    add_client,
    add_listener,
    change_client,
    change_server,
    remove_client,
    remove_listener,
    remove_server,
)
from seon.backend.proxies.models import Listener, ProxyClient, ProxyServer


def _texts(values: dict[str, Any]) -> dict[str, str]:
    """Return values of a form as the acts take them: empty is "as in general"."""
    return {name: "" if value is None else str(value) for name, value in values.items()}


class ListenerRows(ActingRows):
    """The listening ports of a client. A changed one is another one: the port is closed, and the new one opened."""

    model = Listener
    acts = Acts(add=add_listener, change=add_listener, remove=remove_listener)

    def do_add(self, by: Actor, parent: ProxyClient, form: Form) -> object:
        """Add the port."""
        given = form.cleaned_data
        return add_listener(by, parent.name, given["port"], given["partner"].identifier, given["address"])

    def do_change(self, by: Actor, parent: ProxyClient, form: Form) -> object:
        """Put the new port in the place of the old one."""
        remove_listener(by, parent.name, form.initial["port"], form.initial["address"])
        return self.do_add(by, parent, form)

    def do_remove(self, by: Actor, parent: ProxyClient, row: Listener) -> object:
        """Remove the port."""
        return remove_listener(by, parent.name, row.port, row.address)


@admin.register(ProxyClient)
class ProxyClientPage(ActingPage):
    """A client and its listening ports."""

    acts = Acts(add=add_client, change=change_client, remove=remove_client)
    list_display = ("name", "address")
    search_fields = ("name", "address")
    fields = CLIENT_KEYS
    inlines = (ListenerRows,)

    def do_add(self, by: Actor, form: Form) -> ProxyClient:
        """Add the client."""
        given = _texts(form.cleaned_data)
        return add_client(by, given.pop("name"), given.pop("address"), **given)

    def do_change(self, by: Actor, obj: ProxyClient, form: Form) -> object:
        """Change what was changed."""
        return change_client(by, form.initial.get("name", obj.name), **_texts(changed(form)))

    def do_remove(self, by: Actor, obj: ProxyClient) -> object:
        """Remove it with its ports."""
        return remove_client(by, obj.name)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """As Django's, but whether a token hinders it, the act says: one that was withdrawn does not."""
        found, counts, _, _ = super().get_deleted_objects(objs, request)
        return found, counts, set(), []


@admin.register(ProxyServer)
class ProxyServerPage(ActingPage):
    """A server by its Proxy ID. It comes with its first license."""

    acts = Acts(change=change_server, remove=remove_server)
    list_display = ("proxy_id", "name")
    search_fields = ("proxy_id", "name")
    fields = ("proxy_id", *SERVER_KEYS)
    readonly_fields = ("proxy_id",)

    def do_change(self, by: Actor, obj: ProxyServer, form: Form) -> object:
        """Change what was changed."""
        return change_server(by, obj.proxy_id, **_texts(changed(form)))

    def do_remove(self, by: Actor, obj: ProxyServer) -> object:
        """Remove it with its licenses."""
        return remove_server(by, obj.proxy_id)
