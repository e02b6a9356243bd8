"""A partner set to trace: both hops write what passed and what was refused, but no secret and no content."""

import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.harness import OUR_CODE, PASSWORD, Site, run
from functional.peers import HeldTransfer, Partner, RecordingStation, next_call, offer, random_file
from functional.processes import eventually
from seon.cli.quickstart.installation import PARTNER
from seon.oftp2 import commands as c
from seon.oftp2.codec import decode, encode
from seon.oftp2.framing import Frames, frame
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.rules import Policy
from seon.oftp2.session_start import Profile
from seon.oftp2.transcript import Replay, parse, replay

HOPS = {"server": "dmz", "client": "inside"}
SWITCH = """
from seon.backend.partners.models import Partner
partner = Partner.objects.get(identifier={!r})
partner.trace = {!r}
partner.save()
"""


def switch(site: Site, on: bool) -> None:
    site.django(SWITCH.format(PARTNER, on))
    site.in_force()


@pytest.fixture
def station(without_station: Site) -> Iterator[RecordingStation]:
    with RecordingStation(without_station.ports.receive) as recording:
        yield recording


@pytest.fixture(scope="module")
def traced(without_station: Site) -> Iterator[Site]:
    switch(without_station, True)
    yield without_station
    switch(without_station, False)


def directory(site: Site, side: str) -> Path:
    return site.layout.root / side / "traces"


def files(site: Site) -> set[Path]:
    return {path for side in HOPS for path in directory(site, side).glob("*")}


def new_traces(site: Site, before: set[Path]) -> dict[str, str]:
    """Wait until the session has ended; return what each hop has written."""
    site.gone("seon_proxyserver2: session")
    site.gone("seon_proxyclient2: session")
    new = files(site) - before
    found = {side: [path for path in new if path.parent == directory(site, side)] for side in HOPS}
    assert [len(paths) for paths in found.values()] == [1, 1]
    return {side: path.read_text() for side, (path,) in found.items()}


def replayed(text: str) -> Replay:
    return replay(parse(text), SessionObserver(Policy()))


def octets_of(text: str) -> bytes:
    return b"".join(read.octets or b"" for read in parse(text))


def pieces(secret: bytes, size: int = 8) -> list[bytes]:
    return [secret[at : at + size] for at in range(0, len(secret) - size + 1, size)]


def shows_password(octets: bytes) -> bool:
    """Whether the password is there, besides in our code, which ends in it."""
    return PASSWORD.encode() in octets.replace(OUR_CODE.encode(), b"")


def test_without_being_asked_for_there_is_none_and_it_may_be_asked_for_in_mid_session(
    without_station: Site, station: RecordingStation
) -> None:
    site = without_station
    with HeldTransfer(site) as transfer:
        assert files(site) == set()
        assert not directory(site, "server").exists()
        switch(site, True)
        transfer.finish()
    for text in new_traces(site, set()).values():
        assert "it begins in the middle of the session" in text
        assert "end: " in text
    switch(site, False)
    before = files(site)
    with Partner(site) as partner:
        partner.open()
    site.gone("seon_proxyclient2: session")
    assert files(site) == before


def test_both_hops_write_what_passed(traced: Site, station: RecordingStation, tmp_path: Path) -> None:
    before = files(traced)
    file = random_file(tmp_path / "SECRET", 200_000)
    sent = traced.send_in([file])
    assert sent.receipts == ["EERP"], sent.output
    for side, text in new_traces(traced, before).items():
        result = replayed(text)
        assert not result.refusal
        assert not result.findings, "the counts are right too"
        assert [type(event).__name__ for event in result.happenings][-1] == "SessionEnded"
        octets = octets_of(text)
        assert b"ODETTE FTP READY" in octets
        assert OUR_CODE.encode() in octets
        assert len(octets) > 200_000
        assert f"hop {HOPS[side]}" in text
        assert octets.count(b"XXXXXXXX") == 2
        assert not shows_password(octets)
        assert not [piece for piece in pieces(file.read_bytes()) if piece in octets]
    for hop in HOPS.values():
        traced.in_journal("SES-TRACED", rf"-{hop}\.oftp written")


def test_they_are_their_owners_only(traced: Site, station: RecordingStation) -> None:
    with Partner(traced) as partner:
        partner.open()
    traced.gone("seon_proxyclient2: session")
    for side in HOPS:
        assert stat.S_IMODE(directory(traced, side).stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(traced)} == {0o600}


def test_a_refused_session_is_refused_again_by_the_checker(traced: Site, station: RecordingStation) -> None:
    before = files(traced)
    with Partner(traced) as partner:
        partner.open()
        partner.tls.sendall(frame(encode(offer("BAD"), 5).replace(b"20260101120000", b"20260101129900")))
        partner.until_end()
    texts = new_traces(traced, before)
    refusal = replayed(texts["server"]).refusal
    assert refusal
    assert (refusal.rule, refusal.side, refusal.stb) == ("FLD-TIME", Side.INITIATOR, 2)
    assert "# refused: FLD-TIME, I buffer 2" in texts["server"]
    assert not replayed(texts["client"]).refusal, "the next hop heard an ESID"
    (path,) = [path for path in files(traced) - before if path.parent == directory(traced, "server")]
    done = run(["seon", "oftp2", "check", "--json", str(path)])
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert (said["verdict"], said["rule"], said["side"], said["stb"]) == ("refuse", "FLD-TIME", "I", 2)


def test_what_the_proxy_made_itself_is_marked_and_made_up_octets_are_called_so(
    traced: Site, station: RecordingStation
) -> None:
    """A reader must not take an ESID of ours for the other station's, nor zeros for what was sent."""
    before = files(traced)
    with Partner(traced) as partner:
        partner.open()
        partner.tls.sendall(frame(b"Zsecret"))
        (heard,) = partner.until_end()
    texts = new_traces(traced, before)
    own = frame(encode(heard, 5)).hex()
    plain = frame(encode(c.EndSession(1), 5)).hex()
    assert f"# the proxy's own, to I: {own}\n" in texts["server"]
    assert f"# the proxy's own, to R: {plain}\n" in texts["server"]
    assert "# blanked: only the first 5 of these 11 octets are as I has sent them" in texts["server"]
    assert "the proxy's own" not in texts["client"], "there it came over the link, as from a partner"
    assert replayed(texts["server"]).refusal


class Daemon:
    """The company's station, driven by hand."""

    def __init__(self, listener: socket.socket) -> None:
        self.sock = next_call(listener)
        self.sock.settimeout(20)
        self._frames = Frames()

    def send(self, command: c.Command) -> None:
        self.sock.sendall(frame(encode(command, 5)))

    def receive(self) -> c.Command:
        while True:
            for buffer in self._frames.feed(self.sock.recv(65_536)):
                return decode(buffer, 5)[0]


def test_no_challenge_and_no_response_is_in_them(traced: Site) -> None:
    before = files(traced)
    challenges, responses = [os.urandom(300), os.urandom(200)], [os.urandom(20), os.urandom(20)]
    with socket.create_server(("127.0.0.1", traced.ports.receive)) as listener, Partner(traced) as partner:
        daemon = Daemon(listener)
        listener.close()

        def say(one: Partner | Daemon, command: c.Command) -> None:
            other = daemon if one is partner else partner
            one.send(command)
            assert type(other.receive()) is type(command)

        say(daemon, c.StartSessionReady())
        profile = Profile(partner.profile.code, PASSWORD, authentication=True)
        say(partner, profile.offer())
        say(daemon, Profile(OUR_CODE, PASSWORD, authentication=True).offer())
        for one, other, challenge, response in zip(
            (partner, daemon), (daemon, partner), challenges, responses, strict=True
        ):
            say(one, c.SecurityChangeDirection())
            say(other, c.AuthenticationChallenge(challenge))
            say(one, c.AuthenticationResponse(response))
        say(partner, c.EndSession(0))
        daemon.sock.close()
    for text in new_traces(traced, before).values():
        assert not replayed(text).refusal
        octets = octets_of(text)
        assert octets.count(b"\x10\0\1\x33A\1\x2c" + bytes(300)) == 1
        assert octets.count(b"\x10\0\0\x19S" + bytes(20)) == 2
        assert not shows_password(octets)
        for secret in (*challenges, *responses):
            assert not [piece for piece in pieces(secret, 4) if piece in octets]


def test_a_directory_that_cannot_be_written_does_not_disturb_the_session(
    traced: Site, station: RecordingStation, tmp_path: Path
) -> None:
    kept = {side: directory(traced, side) for side in HOPS}
    for side, path in kept.items():
        if path.exists():
            path.rename(tmp_path / side)
        path.write_text("in its place")
    try:
        sent = traced.send_in([random_file(tmp_path / "FILE", 1_000)])
        assert sent.receipts == ["EERP"], sent.output
        for side in HOPS:
            eventually(lambda side=side: "SES-NOTRACE" in traced.log(side), why="it is said")
    finally:
        for path in kept.values():
            path.unlink()
