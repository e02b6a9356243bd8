from acting.samples import Sample

from seon.backend.acting.actors import owner
from seon.backend.hosts.actions import add_hosts, remove_hosts


def two_names() -> None:
    add_hosts(owner(), ["seonapi.example", "10.0.0.5"])


SAMPLES = {
    "host.add": Sample(
        good=lambda by: add_hosts(by, ["seonapi.example"]),
        bad=lambda by: add_hosts(by, ["seonapi.example", "https://x"]),
        told="localhost, 127.0.0.1, ::1 to localhost, 127.0.0.1, ::1, seonapi.example",
    ),
    "host.remove": Sample(
        good=lambda by: remove_hosts(by, ["10.0.0.5"]),
        bad=lambda by: remove_hosts(by, ["seonapi.example", "10.0.0.5"]),
        ready=two_names,
        told="127.0.0.1, ::1, 10.0.0.5 to localhost, seonapi.example, 127.0.0.1, ::1",
    ),
}
