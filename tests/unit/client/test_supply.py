"""What the server is supplied with: sealed, newest only, and without trouble where a link has ended."""

import asyncio
import types

import msgspec
import pytest

from seon.api_messages import SealedKey
from seon.client.supply import Supply
from seon.config import (
    FORMAT,
    ClientConfiguration,
    OwnCertificate,
    ProxyConfiguration,
    ReceiveDaemon,
    RevocationList,
    ServerConfiguration,
)
from seon.daemon.log import Log
from seon.link.messages import Delivery

HELLO = types.SimpleNamespace(
    proxy_id="0" * 64 + "px",
    mlkem_key=bytes(1184),
    x25519_key=bytes(32),
    signature=bytes(64),
    build="b",
    oldest_format=FORMAT,
    newest_format=FORMAT,
)
SEALED = SealedKey("id", b"sealed")
SETTINGS = msgspec.Raw(b'{"external_port":7000}')


class Control:
    """A link that notes what goes over it."""

    def __init__(self, hello=HELLO) -> None:
        self.hello, self.sent, self.broken = hello, [], False

    async def deliver(self, what: str, octets: bytes) -> None:
        if self.broken:
            raise ConnectionResetError
        self.sent.append((what, octets))


class Courier:
    """Seals and gets blobs, or does not."""

    def __init__(self) -> None:
        self.asked, self.problem, self.meanwhile = 0, None, lambda: None
        self.reads: list[int] = []

    async def server_reads(self, newest_format: int) -> None:
        self.reads.append(newest_format)

    async def sealed(self, wanted) -> SealedKey:
        self.asked += 1
        self.meanwhile()
        if self.problem:
            raise self.problem
        return SEALED

    async def blob(self, name: str) -> bytes:
        if name.startswith("0"):
            raise ConnectionError("no such blob")
        return b"octets of " + name.encode()


BLOBS = tuple(str(n) * 64 for n in range(3))


def configuration(version: int = 1, own: bool = True) -> ProxyConfiguration:
    certificate = OwnCertificate("id", "pem") if own else None
    client = ClientConfiguration(receive_daemon=ReceiveDaemon("inside.example"))
    server = ServerConfiguration(own_certificate=certificate, crls=tuple(RevocationList(name, "pem") for name in BLOBS))
    raw = msgspec.Raw(msgspec.json.encode(server))
    servers = {HELLO.proxy_id: SETTINGS}
    return ProxyConfiguration(version, raw, client, FORMAT, FORMAT, "id" if own else "", BLOBS, servers)


def deliver(supply: Supply, *controls: Control, blobs: tuple[str, ...] = (), times: int = 1) -> None:
    """Want a configuration, or blobs, over one link after the other; the supply serves until nothing is left to do."""

    async def live() -> None:
        for control in controls:
            serving = asyncio.create_task(supply.serve(control))
            for _ in range(times):
                if blobs:
                    supply.want_blobs(blobs)
                else:
                    supply.want_configuration()
            await asyncio.sleep(0.02)
            assert not serving.done()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(live())


@pytest.fixture
def courier() -> Courier:
    return Courier()


@pytest.fixture
def supply(courier, reported, tmp_path) -> Supply:
    made = Supply(courier, reported, Log(tmp_path, "log"))
    made.newest = configuration()
    return made


def test_the_server_gets_its_own_part_and_the_key_sealed(supply) -> None:
    control = Control()
    deliver(supply, control)
    ((what, octets),) = control.sent
    assert what == "configuration"
    assert msgspec.json.decode(octets, type=Delivery) == Delivery(1, FORMAT, supply.newest.server, SEALED, SETTINGS)
    assert b"inside.example" not in octets, "no address of the inside"


def test_a_key_is_asked_for_once_per_server_and_certificate(supply, courier) -> None:
    other = types.SimpleNamespace(**{**vars(HELLO), "mlkem_key": b"\1" * 1184})
    deliver(supply, Control(), Control(), Control(), Control(other), Control(other))
    assert courier.asked == 2, "a server that was started anew has a new key"


def test_without_a_certificate_there_is_no_key_to_ask_for(supply, courier) -> None:
    supply.newest = configuration(own=False)
    control = Control()
    deliver(supply, control)
    assert courier.asked == 0
    assert len(control.sent) == 1


@pytest.mark.parametrize("problem", [ConnectionError("not known"), TimeoutError()])
def test_a_key_that_is_not_to_be_had_is_reported(supply, courier, reported, problem) -> None:
    courier.problem = problem
    control = Control()
    deliver(supply, control)
    assert control.sent == []
    assert reported.of("CFG-BAD")["version"] == 1


def test_a_configuration_that_is_old_by_the_time_its_key_is_there_is_not_sent(supply, courier) -> None:
    def newer() -> None:
        supply.newest = configuration(2)

    courier.meanwhile = newer
    control = Control()
    deliver(supply, control)
    assert control.sent == []


@pytest.mark.parametrize("blobs", [(), ("1" * 64,)])
def test_a_link_that_has_ended_is_no_trouble_here(supply, blobs) -> None:
    control = Control()
    control.broken = True
    deliver(supply, control, blobs=blobs)


def test_a_blob_that_is_missing_does_not_hold_up_the_others(supply) -> None:
    control = Control()
    deliver(supply, control, blobs=("1" * 64, "0" * 64, "2" * 64))
    assert [octets[-1:] for _, octets in control.sent] == [b"1", b"2"]


def test_before_the_first_configuration_there_is_nothing_to_deliver(supply) -> None:
    supply.newest = None
    control = Control()
    deliver(supply, control)
    assert control.sent == []


def test_a_server_that_asks_for_what_no_configuration_names_gets_nothing(supply) -> None:
    control = Control()
    deliver(supply, control, blobs=("9" * 64,))
    assert control.sent == []


def test_asked_for_often_a_configuration_is_delivered_once(supply) -> None:
    control = Control()
    deliver(supply, control, times=10)
    assert len(control.sent) == 1


def other_server(**fields) -> Control:
    return Control(types.SimpleNamespace(**{**vars(HELLO), **fields}))


def test_the_courier_hears_what_each_server_can_read(supply, courier) -> None:
    deliver(supply, Control(), other_server(newest_format=FORMAT + 4))
    assert courier.reads == [FORMAT, FORMAT + 4]


def test_what_a_server_cannot_read_yet_is_not_sent_and_another_is_on_its_way(supply, courier, reported) -> None:
    supply.newest = msgspec.structs.replace(supply.newest, server_format=FORMAT + 1)
    control, newer = Control(), other_server(newest_format=FORMAT + 1)
    deliver(supply, control, newer)
    assert (control.sent, reported.codes) == ([], [])
    assert courier.asked == 1, "no key is sealed for what is not sent"
    assert msgspec.json.decode(newer.sent[0][1], type=Delivery).format == FORMAT + 1


def test_a_seonapi_that_is_too_old_for_the_server_is_reported_as_that(supply, reported) -> None:
    newer = other_server(oldest_format=FORMAT + 1, newest_format=FORMAT + 2, build="0.9.0, build 20301231")
    deliver(supply, newer)
    assert newer.sent == []
    reason = reported.of("CFG-BAD")["reason"]
    assert "0.9.0, build 20301231" in reason
    assert reason.endswith("upgrade the host of Seonapi")


def test_what_the_client_does_not_read_reaches_the_server_as_it_was(supply) -> None:
    raw = b'{"of":["a later year",1.0],"ssid":"\\u00e4"}'
    supply.newest = msgspec.structs.replace(supply.newest, server=msgspec.Raw(raw))
    control = Control()
    deliver(supply, control)
    assert raw in control.sent[0][1]
