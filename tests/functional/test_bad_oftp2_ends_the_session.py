"""A syntax error inside a session ends it on both sides, and no octet of the bad buffer reaches the receive daemon."""

import itertools
import time
from collections.abc import Callable, Iterator

import pytest

from functional.ends import opened
from functional.harness import Site
from functional.peers import Partner, RecordingStation, offer
from functional.processes import eventually
from seon.cli.quickstart.installation import PARTNER
from seon.oftp2.codec import decode, encode
from seon.oftp2.commands import EndFile, EndSession, ReadyToReceive, StartFile, StartFileAccepted, StartSession
from seon.oftp2.framing import Frames, frame
from seon.oftp2.reasons import EndReason
from seon.oftp2.transfer import VOID_BUFFERS


@pytest.fixture
def station(without_station: Site) -> Iterator[RecordingStation]:
    with RecordingStation(without_station.ports.receive) as recording:
        yield recording


def impossible_time() -> bytes:
    return frame(encode(offer("BAD"), 5).replace(b"20260101120000", b"20260101129900"))


def too_long() -> bytes:
    """A DATA buffer longer than agreed: its header and beginning are enough to say so."""
    return (0x1000_0000 | 4 + 65_600).to_bytes(4, "big") + b"D" + b"\x3f" + b"?" * 200


BETWEEN_FILES: dict[str, Callable[[], bytes]] = {
    "header of another version": lambda: b"\x20\x00\x00\x05D",
    "header without content": lambda: b"\x10\x00\x00\x04",
    "header longer than can be": lambda: b"\x10\xff\xff\xffD",
    "no such command": lambda: frame(b"Z2345"),
    "impossible time": impossible_time,
    "one octet too many": lambda: frame(encode(offer("BAD"), 5) + b" "),
    "command out of order": lambda: frame(encode(EndFile(0, 0), 5)),
    "answer to nothing": lambda: frame(encode(ReadyToReceive(), 5)),
    "data without a file": lambda: frame(b"D\x83abc"),
}
IN_A_FILE: dict[str, Callable[[], bytes]] = {
    "subrecord longer than its buffer": lambda: frame(b"D\xbfabc"),
    "octets after the end of the file": lambda: frame(b"D\x81a\x01b"),
    "buffer longer than agreed": too_long,
    "count of octets impossible": lambda: frame(encode(EndFile(0, 3), 5).replace(b"0003", b"00X3")),
}


def exchange_buffers(octets: bytes) -> list[bytes]:
    frames = Frames()
    found = list(frames.feed(octets))
    assert not frames.incomplete
    return found


def check_ended(site: Site, station: RecordingStation, partner: Partner, passed: list[type]) -> None:
    heard = partner.until_end()
    partner.sock.close()
    assert [type(command) for command in heard] == [EndSession]
    assert heard[0].reason != 0
    eventually(station.closed[0].is_set, why="the receive daemon's connection ends")
    commands = [decode(buffer, 5)[0] for buffer in exchange_buffers(bytes(station.heard[0]))]
    assert [type(command) for command in commands] == [*passed, EndSession]
    assert commands[-1].reason == heard[0].reason, "both sides hear the same"
    eventually(lambda: not site.sessions("server") and not site.sessions("client"))
    site.running["server"].wait_for(f"SES-REFUSED .*partner {PARTNER}")


@pytest.mark.parametrize("case", BETWEEN_FILES)
def test_a_bad_buffer_between_files(without_station: Site, station: RecordingStation, case: str) -> None:
    bad = BETWEEN_FILES[case]()
    with Partner(without_station) as partner:
        partner.open()
        partner.tls.sendall(bad)
        check_ended(without_station, station, partner, [StartSession])


@pytest.mark.parametrize("case", IN_A_FILE)
def test_a_bad_buffer_in_a_file(without_station: Site, station: RecordingStation, case: str) -> None:
    bad = IN_A_FILE[case]()
    with Partner(without_station) as partner:
        partner.open()
        partner.send(offer(size=10_000))
        assert isinstance(partner.receive(), StartFileAccepted)
        partner.tls.sendall(bad)
        check_ended(without_station, station, partner, [StartSession, StartFile])


VOID = {"no subrecord": b"D", "an empty subrecord": b"D\x00", "nothing repeated": b"D\x40x"}


@pytest.mark.parametrize("case", VOID)
def test_data_buffers_without_content_end_the_session_when_there_are_too_many(without_station: Site, case: str) -> None:
    void = frame(VOID[case])
    with opened(without_station) as (partner, daemon):
        partner.send(offer(size=10_000))
        daemon.receive()
        daemon.send(StartFileAccepted())
        assert isinstance(partner.receive(), StartFileAccepted)
        partner.send(void * VOID_BUFFERS)
        assert partner.rest() == [encode(EndSession(EndReason.INVALID_DATA, "rule DAT-VOID, DATABUF"), 5)]
        assert daemon.rest() == [void[4:]] * (VOID_BUFFERS - 1) + [encode(EndSession(EndReason.INVALID_DATA), 5)]
    without_station.running["server"].wait_for(f"SES-REFUSED .*rule DAT-VOID, .*partner {PARTNER}")
    eventually(lambda: not without_station.sessions("server") and not without_station.sessions("client"))


def split(octets: bytes, *cuts: int) -> list[bytes]:
    edges = [0, *(cut % len(octets) for cut in cuts), len(octets)]
    return [octets[a:b] for a, b in itertools.pairwise(edges)]


CUTS = {
    "inside the header": (1,),
    "before the header's last octet": (3,),
    "behind the header": (4,),
    "behind the command octet": (5,),
    "in the middle": (60,),
    "in the bad field": (50,),
    "before the last octet": (-1,),
    "many": (1, 2, 4, 5, 49, 50, 51, -2, -1),
}


@pytest.mark.parametrize("case", CUTS)
def test_a_bad_buffer_split_over_tls_records(without_station: Site, station: RecordingStation, case: str) -> None:
    bad = impossible_time()
    with Partner(without_station) as partner:
        partner.open()
        for piece in split(bad, *CUTS[case]):
            partner.tls.sendall(piece)
            time.sleep(0.02)  # so that each is read on its own; the verdict does not depend on it
        check_ended(without_station, station, partner, [StartSession])


def test_a_bad_buffer_in_one_record_behind_a_good_one(without_station: Site, station: RecordingStation) -> None:
    bad = frame(encode(EndFile(0, 0), 5))
    with Partner(without_station) as partner:
        partner.open()
        good = frame(encode(offer(size=0), 5))
        partner.tls.sendall(good + bad)  # a Speaker must wait for the answer to its SFID
        check_ended(without_station, station, partner, [StartSession, StartFile])
