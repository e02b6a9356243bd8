from acting.samples import Sample

from seon.backend.acting.actors import owner
from seon.backend.partners.adding import add_partner
from seon.backend.proxies.actions import add_listener, remove_listener


def partner() -> None:
    add_partner("acme", "Acme", ["O0013ACME"], [])


def listener() -> None:
    partner()
    add_listener(owner(), "main/10.0.0.5", 3_306, "acme")


SAMPLES = {
    "listener.add": Sample(
        good=lambda by: add_listener(by, "main/10.0.0.5", 3_306, "acme"),
        bad=lambda by: add_listener(by, "main/10.0.0.5", 3_306, "nobody"),
        ready=partner,
        told="added",
    ),
    "listener.remove": Sample(
        good=lambda by: remove_listener(by, "main", 3_306),
        bad=lambda by: remove_listener(by, "main", 3_307),
        ready=listener,
        told="removed",
    ),
}
