from acting.samples import Sample

from seon.backend.acting.actors import owner
from seon.backend.partners.actions import add_partner
from seon.backend.proxies.actions import (
    add_client,
    add_listener,
    change_client,
    change_listener,
    change_server,
    remove_client,
    remove_listener,
    remove_server,
)
from seon.backend.proxies.models import ProxyServer

ID = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511apx"  # RFC 8032 §7.1, test 1


def partner() -> None:
    add_partner(owner(), "acme", "Acme", ["O0013ACME"], [])


def listener() -> None:
    partner()
    add_listener(owner(), "main/10.0.0.5", 3_306, "acme")


def server() -> None:
    ProxyServer.objects.create(proxy_id=ID)


SAMPLES = {
    "client.add": Sample(
        good=lambda by: add_client(by, "main", "10.0.0.5", receive_daemon_host="station.example"),
        bad=lambda by: add_client(by, "main", "10.0.0.5", receive_daemon_port="0"),
        told="station.example",
    ),
    "client.change": Sample(
        good=lambda by: change_client(by, "main", address="10.0.0.6"),
        bad=lambda by: change_client(by, "main", name="two", address="10.0.0.0/8"),
        ready=listener,
        told="'10.0.0.5' to '10.0.0.6'",
    ),
    "client.remove": Sample(
        good=lambda by: remove_client(by, "main"),
        bad=lambda by: remove_client(by, "other"),
        ready=listener,
        told="removed",
    ),
    "server.change": Sample(
        good=lambda by: change_server(by, ID, external_port="7000", sessions="5"),
        bad=lambda by: change_server(by, ID, name="west", outgoing_address="0.0.0.0"),
        ready=server,
        told="external_port: empty to 7000",
    ),
    "server.remove": Sample(
        good=lambda by: remove_server(by, ID),
        bad=lambda by: remove_server(by, "west"),
        ready=server,
        told="removed",
    ),
    "listener.add": Sample(
        good=lambda by: add_listener(by, "main/10.0.0.5", 3_306, "acme"),
        bad=lambda by: add_listener(by, "main/10.0.0.5", 3_306, "nobody"),
        ready=partner,
        told="added",
    ),
    "listener.change": Sample(
        good=lambda by: change_listener(by, "main", 3_306, to=("127.0.0.1", 3_307)),
        bad=lambda by: change_listener(by, "main", 3_306, to=("127.0.0.1", 3_307), partner="nobody"),
        ready=listener,
        told="port: 3306 to 3307",
    ),
    "listener.remove": Sample(
        good=lambda by: remove_listener(by, "main", 3_306),
        bad=lambda by: remove_listener(by, "main", 3_307),
        ready=listener,
        told="removed",
    ),
}
