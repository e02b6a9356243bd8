"""A listening station in this process, and a caller for it: real sockets on loopback, real files."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from seon.oftp2.session_start import Profile
from seon.station.inbox import Inbox
from seon.station.outbox import Outbox
from seon.station.outgoing import Addressing, describe
from seon.station.send import Call, Order
from seon.station.serve import Server

ALICE = Profile("O0013ALICE", "SECRET-A", direction="S")
BOB = Profile("O0013BOB", "SECRET-B")
ADDRESSING = Addressing("O0013BOB", "O0013ALICE")


class Bob:
    """The listening station."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.directory = directory
        self.told: list[tuple[str, dict[str, object]]] = []
        self.server = Server(
            profile=settings.pop("profile", BOB),
            inbox=Inbox(directory / "in", most=10**9, sync=False),
            outbox=Outbox(directory / "out"),
            report=lambda what, values: self.told.append((what, values)),
            **{"idle_seconds": 5.0, "drain_seconds": 5.0} | settings,
        )
        ready: Queue[int] = Queue()
        run = self.server.run
        self.thread = threading.Thread(target=run, args=("127.0.0.1", 0, lambda _host, port: ready.put(port)))
        self.thread.start()
        self.port = ready.get(timeout=5)

    def stop(self) -> None:
        self.server.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()

    def received(self) -> list[bytes]:
        files = [path for path in (self.directory / "in").iterdir() if not path.name.startswith(".")]
        return [path.read_bytes() for path in sorted(files)]

    def happened(self, what: str) -> list[dict[str, object]]:
        return [values for told, values in self.told if told == what]


class Alice:
    """Calls Bob; `told` is what was reported, `ends` are the reason and the text of each end, `failed` of a failure."""

    def __init__(self, directory: Path, **changes: Any) -> None:
        self.directory = directory
        self.told: list[str] = []
        self.ends: list[tuple[object, object]] = []
        self.failed: list[object] = []
        self._changes = changes
        self._sent = 0

    def order(self, octets: bytes, name: str = "") -> Order:
        self._sent += 1
        path = self.directory / f"file{self._sent}"
        path.write_bytes(octets)
        return Order(path, describe(path, name or path.name.upper(), f"20260131120507{self._sent:04d}", ADDRESSING))

    def _report(self, what: str, values: dict[str, object]) -> None:
        self.told.append(what)
        if what == "session-ended":
            self.ends.append((values["reason"], values["text"]))
        if what == "session-failed":
            self.failed.append(values["text"])

    def call(self, bob: Bob, *orders: Order, wait: bool = True, attempts: int = 1, **settings: Any) -> bool:
        call = Call(
            profile=replace(ALICE, **self._changes),
            host="127.0.0.1",
            port=bob.port,
            report=self._report,
            **{"idle_seconds": 5.0} | settings,
        )
        return call.send(list(orders), wait_receipt=wait, attempts=attempts, told=lambda _order: None)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Bob]]:
    running: list[Bob] = []

    def start(**settings: Any) -> Bob:
        running.append(Bob(tmp_path / "bob", **settings))
        return running[-1]

    yield start
    for bob in running:
        bob.stop()


@pytest.fixture
def alice(tmp_path: Path) -> Alice:
    (tmp_path / "alice").mkdir()
    return Alice(tmp_path / "alice")
