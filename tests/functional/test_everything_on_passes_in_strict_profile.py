"""Two sessions with all that OFTP2 has to offer pass through the real proxy, and the strict profile finds nothing.

In each: secure authentication of both sides, buffer compression, a file that was interrupted and goes on where it
stopped, signed receipts of several kB in the same session, turns asked for and given both ways, files both ways.
"""

import contextlib
import json
import os
import random
import re
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from functional.harness import PASSWORD, Sent, Site, open_site, sha256
from functional.peers import BROKEN, WAIT_SECONDS, Partner
from functional.processes import eventually
from seon.cli.quickstart.installation import OUR_CODE, PARTNER_CODE
from seon.oftp2 import notices as n
from seon.oftp2.codec import encode
from seon.oftp2.commands import EndSession
from seon.oftp2.framing import frame
from seon.oftp2.reasons import EndReason
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Profile
from seon.oftp2.station import Station
from seon.station.keys import KeyPairAuthenticator, OwnKey, PeerKey
from seon.station.naming import virtual_name
from seon.station.outgoing import Addressing, describe
from seon.station.wire import PlainWire
from session_keys import Files, content_by_openssl, write

THERE, BACK = 120, 80
"""Files in a session: from the station that called, and from the one that was called."""
BIG = 60_000
MOMENT = "202601311205070001"
SUITE = 4
NARROW = ["--buffer", "2048", "--credit", "3"]
"""So that credit is used up, and receipts are longer than any data buffer may be."""
TURN = ["--turn-after", "8"]


@dataclass
class Direction:
    """One of the two sessions. `form`: the format of its files; `port`: where the caller calls."""

    incoming: bool
    form: tuple[str, ...]

    @property
    def codes(self) -> tuple[str, str]:
        """The caller's and the other's."""
        return (PARTNER_CODE, OUR_CODE) if self.incoming else (OUR_CODE, PARTNER_CODE)


DIRECTIONS = {
    "incoming, a stream": Direction(incoming=True, form=("U",)),
    "outgoing, records": Direction(incoming=False, form=("V", "300")),
}


class EverythingOn:
    """An installation in strict profile, with stations that have everything switched on."""

    def __init__(self, site: Site, directory: Path) -> None:
        self.site = site
        self.directory = directory
        self.keys = {code: write(directory / "keys", code) for code in (OUR_CODE, PARTNER_CODE)}
        site.seonapi(["set", "profile", "strict"])
        layout, ports = site.layout, site.ports
        self._serve("station", ports.receive, OUR_CODE, PARTNER_CODE, "U", [])
        self._serve("partner", ports.partner, PARTNER_CODE, OUR_CODE, "V", site.partner_tls)
        site.launch_api()
        for name in ("station", "partner", "seonapi"):
            site.running[name].wait_for(r"ready \S+")
        site.start_server()
        site.start_client()
        site.wait_open()
        self.inboxes = {True: layout.receive_daemon / "inbox", False: layout.partner / "inbox"}

    def _serve(self, name: str, port: int, code: str, peer: str, form: str, more: list[str]) -> None:
        outbox = self.directory / f"{name}.outbox"
        outbox.mkdir()
        for number in range(BACK):
            (outbox / f"back.{number}").write_bytes(content(form, 200 + 137 * number, number))
        self.site.launch(
            name,
            ["seon", "station", "serve", "--listen", f"127.0.0.1:{port}", "--code", code, "--expect-code", peer,
             "--password", PASSWORD, "--inbox", str(self.inbox_of(name)), "--outbox", str(outbox), "--format", form,
             "--record-length", "300" if form == "V" else "0", "--no-sync",
             "--receipts", str(self.receipts_of(name)), *self.options(code, peer), *more],
        )  # fmt: skip

    def inbox_of(self, name: str) -> Path:
        layout = self.site.layout
        return (layout.receive_daemon if name == "station" else layout.partner) / "inbox"

    def receipts_of(self, name: str) -> Path:
        return self.directory / f"{name}.receipts"

    def options(self, own: str, peer: str) -> list[str]:
        """What switches everything on."""
        return ["--secure-authentication", *self.keys[own].options, "--peer-certificate",
                str(self.keys[peer].certificate), "--signed-receipts", "--compression", "--restart",
                *NARROW, *TURN]  # fmt: skip

    def call(self, direction: Direction, files: list[Path], back: Path) -> Sent:
        own, peer = direction.codes
        form = ["--format", direction.form[0], "--record-length", (*direction.form, "0")[1]]
        send = self.site.send_in if direction.incoming else self.site.send_out
        return send(files, "--moment", MOMENT, "--resume", "--inbox", str(back), "--receipts", str(back / ".signed"),
                    "--no-sync", *form, *self.options(own, peer))  # fmt: skip

    def interrupt(self, direction: Direction, path: Path) -> None:
        """Send the beginning of a file and end the session in the middle of it, as a station may that has to close."""
        own, peer = direction.codes
        record_length = int((*direction.form, "0")[1])
        addressing = Addressing(peer, own, direction.form[0], record_length, SUITE)
        start = describe(path, virtual_name(path), MOMENT, addressing)
        keys = KeyPairAuthenticator(
            OwnKey.load(self.keys[own].key, self.keys[own].chain), PeerKey.load(self.keys[peer].certificate)
        )
        profile = Profile(own, PASSWORD, authentication=True, buffer_size=2048, credit=3)
        station = Station(profile, initiator=True, authenticator=keys)
        with self._connected(direction) as wire, path.open("rb") as file:
            station.send_file(OutgoingFile(start, file))
            while not any(isinstance(notice, n.FileStarted) for notice in self._exchange(station, wire)):
                pass
            for _ in range(3):
                self._exchange(station, wire)  # three times the credit, 18 KiB at most
            station.abort(EndReason.EMERGENCY_CLOSE)
            wire.wire.sendall(station.data_to_send())
            wire.sock.settimeout(WAIT_SECONDS)
            with contextlib.suppress(*BROKEN):  # what still comes, and then the end
                while True:
                    wire.receive()
        name = "station" if direction.incoming else "partner"
        self.site.running[name].wait_for(r"session-ended .*reason=5")

    @staticmethod
    def _exchange(station: Station, wire: "Connected") -> list[n.Notice]:
        while octets := station.data_to_send():
            wire.wire.sendall(octets)
        return station.notices() + station.receive(wire.receive())

    def _connected(self, direction: Direction) -> "Connected":
        if direction.incoming:
            partner = Partner(self.site)
            return Connected(partner.sock, partner.tls)
        sock = socket.create_connection(("127.0.0.1", self.site.ports.outgoing), WAIT_SECONDS)
        return Connected(sock, PlainWire(sock))


class Connected:
    """A connection of ours to the proxy."""

    def __init__(self, sock: socket.socket, wire: Any) -> None:
        self.sock = sock
        self.wire = wire

    def receive(self) -> bytes:
        return bytes(self.wire.receive())

    def __enter__(self) -> "Connected":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()


def content(form: str, size: int, seed: int) -> bytes:
    """Return content of which half can be compressed; for V in records of 0 to 300 octets."""
    chance = random.Random(seed)
    octets = b"".join(chance.choice((os.urandom(40), bytes(40), b" " * 40)) for _ in range(-(-size // 40)))[:size]
    if form != "V":
        return octets
    records, at = [], 0
    while at < size:
        length = min(chance.randint(0, 300), size - at)
        records.append(length.to_bytes(2, "big") + octets[at : at + length])
        at += length
    return b"".join(records)


@pytest.fixture(scope="module")
def everything_on(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EverythingOn]:
    directory = tmp_path_factory.mktemp("everything")
    site = open_site(golden, directory / "run")
    try:
        yield EverythingOn(site, directory)
    finally:
        site.close()


def events(sent: Sent, what: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in sent.output.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("event") == what]


def check_receipts(directory: Path, signer: Files, count: int) -> None:
    """All are of several kB, and openssl believes them: some of them, as it is a process for each."""
    found = sorted(directory.glob("*.p7m"))
    assert len(found) == count
    assert min(path.stat().st_size for path in found) > 3_000
    for path in found[::10]:
        assert content_by_openssl(path, signer.root).startswith(path.name.split(".2026")[0].encode().ljust(26))


@pytest.mark.parametrize("name", DIRECTIONS)
def test_a_session_with_everything_on_has_no_finding(everything_on: EverythingOn, tmp_path: Path, name: str) -> None:
    direction, site = DIRECTIONS[name], everything_on.site
    form, (own, peer) = direction.form[0], direction.codes
    paths = [tmp_path / f"FILE{number}" for number in range(THERE)]
    for number, path in enumerate(paths):
        path.write_bytes(content(form, BIG if number == 7 else 40 * number, number))
    everything_on.interrupt(direction, paths[7])

    sent = everything_on.call(direction, paths, tmp_path / "back")
    assert sent.status == 0, sent.output

    # every file arrived as it was sent, and was acknowledged with a signature that the sender believes
    served = "station" if direction.incoming else "partner"
    assert [(file["receipt"], file["signature"]) for file in sent.summary["files"]] == [("EERP", "valid")] * THERE
    for path, file in zip(paths, sent.summary["files"], strict=True):
        assert sha256(site.arrived(direction.incoming, file)) == sha256(path)
    put_away = everything_on.directory / f"{served}.outbox" / ".sent"
    assert len(events(sent, "file-received")) == BACK
    came_back = Counter(sha256(Path(event["path"])) for event in events(sent, "file-received"))
    assert came_back == Counter(map(sha256, put_away.iterdir()))
    check_receipts(tmp_path / "back" / ".signed", everything_on.keys[peer], THERE)
    check_receipts(everything_on.receipts_of(served), everything_on.keys[own], BACK)

    # it was one session, with all of it
    (agreed,) = events(sent, "session-started")
    assert (agreed["authentication"], agreed["compression"], agreed["restart"]) == (True, True, True)
    restarted = [event for event in events(sent, "file-started") if event["restart"]]
    assert [event["name"] for event in restarted] == ["FILE7"]
    turns = re.findall(r'(?:"file-sent".*?)+?"receipt-received"', sent.output, re.DOTALL)
    assert len(turns) >= THERE // 8 - 1, "receipts came between the files, turn by turn"
    (ended,) = events(sent, "session-ended")
    assert ended["orderly"]

    check_nothing_was_found(site, direction)


def check_nothing_was_found(site: Site, direction: Direction) -> None:
    way = "incoming" if direction.incoming else "outgoing"
    eventually(
        lambda: len([text for text in site.journal("FIL-RECEIPT") if f", {way}" in text]) >= BACK, why="receipts"
    )
    eventually(lambda: not site.sessions("server") and not site.sessions("client"), why="sessions end")
    for code in ("SES-FINDING", "SES-REFUSED", "SES-KILLED", "SES-FAILED"):
        assert site.journal(code) == []
        assert code not in site.log("server") + site.log("client")
    agreed = site.journal("SES-AGREED")
    assert agreed
    assert all(text.endswith(", compression, restart, authentication") for text in agreed)
    offered = [text for text in site.journal("FIL-START") if f", {way}" in text and "FILE7 " in text]
    assert any(re.search(r"restart at [1-9]", text) for text in offered)


def test_the_profile_was_strict(everything_on: EverythingOn) -> None:
    """What the default profile lets pass with a warning is refused here."""
    site = everything_on.site
    with Partner(site) as partner:
        partner.receive()
        partner.tls.sendall(b"\x11" + frame(encode(partner.profile.offer(), 5))[1:])  # flags in the stream header
        assert [type(command) for command in partner.until_end()] == [EndSession]
    site.in_journal("SES-REFUSED", "rule STH-FLG")
