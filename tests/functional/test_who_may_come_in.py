"""Who may come in: each certificate of the table (cases.py) is shown to the real server over real TLS.

All of them are shown once, at the beginning. Each test looks at one case: what the peer heard, whether anything
happened inside, and what the journal has of it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import pytest
from OpenSSL import SSL

from functional import cases_peer as peer
from functional import cases_wire as wire
from functional.cases import CASES
from functional.cases_site import Said, configure, partner_of, said_of
from functional.cases_world import World
from functional.harness import Site
from functional.peers import RecordingStation

ADMITTED = [name for name, case in CASES.items() if not case.verdict]
REFUSED = [name for name, case in CASES.items() if case.verdict]


@dataclass(frozen=True)
class Shown:
    """What came of a case."""

    heard: peer.Heard
    inside: int
    """Connections that the receive daemon saw."""
    processes: list[str]
    """Session processes, by their titles."""


@dataclass(frozen=True)
class Outcome:
    """All that is known of a case."""

    shown: Shown
    said: Said


@pytest.fixture(scope="module")
def world() -> World:
    return World(CASES)


@pytest.fixture(scope="module")
def guarded(without_station: Site, world: World) -> Site:
    """A site that knows the partners, anchors and lists of all cases."""
    configure(without_station, world)
    without_station.in_force()
    return without_station


@pytest.fixture(scope="module")
def station(guarded: Site) -> Iterator[RecordingStation]:
    with RecordingStation(guarded.ports.receive) as recording:
        yield recording


def processes(site: Site) -> list[str]:
    """Return the session processes of both hosts."""
    return [seen.title for seen in site.titled("seon_proxy") if ": session" in seen.title]


@pytest.fixture(scope="module")
def outcomes(guarded: Site, station: RecordingStation, world: World) -> Mapping[str, Outcome]:
    """Show everything, those first that nobody lets in: then there is no session process of anybody."""
    shown = {}
    with wire.silence(guarded.ports.external) as silent:
        for name in REFUSED:
            shown[name] = come(guarded, station, partial(show, guarded, world, name))
        for name, row in wire.WIRES.items():
            shown[name] = come(guarded, station, partial(row.act, guarded.ports.external, world))
        shown["silence"] = come(guarded, station, silent)
    for name in ADMITTED:
        shown[name] = come(guarded, station, partial(show, guarded, world, name))
    said = said_of(guarded, [one.heard.source for one in shown.values()])
    return {name: Outcome(one, said[one.heard.source]) for name, one in shown.items()}


def show(site: Site, world: World, name: str) -> peer.Heard:
    return peer.show(site.ports.external, peer.context_of(world.shown(name)))


def come(site: Site, station: RecordingStation, act: Callable[[], peer.Heard]) -> Shown:
    before = len(station.heard)
    heard = act()
    return Shown(heard, len(station.heard) - before, [] if heard.admitted else processes(site))


@pytest.mark.parametrize("name", REFUSED)
def test_who_may_not_come_in_is_refused_and_nobody_inside_hears_of_it(
    guarded: Site, world: World, outcomes: Mapping[str, Outcome], name: str
) -> None:
    case, outcome, leaf = CASES[name], outcomes[name], world.shown(name).leaf
    check_nothing_inside(outcome.shown)
    fields = outcome.said.of(case.kind)
    assert fields, outcome
    assert fields.get("verdict") == case.verdict, fields
    assert len(fields["reason"]) > 10
    assert fields["target"] == f"127.0.0.1:{guarded.ports.external}"
    assert fields["fingerprint"] == leaf.fingerprint
    assert int(fields["serial"], 16) == leaf.serial
    assert fields["subject"]
    assert fields["issuer"]


def check_nothing_inside(shown: Shown) -> None:
    assert shown.heard.octets == b"", "nothing of OFTP2 to who is not known"
    assert shown.heard.end != "open"
    assert shown.inside == 0, "the receive daemon saw no connection"
    assert shown.processes == [], "no session process was started"


@pytest.mark.parametrize("name", ADMITTED)
def test_who_may_come_in_is_known_as_the_partner(outcomes: Mapping[str, Outcome], name: str) -> None:
    case, outcome = CASES[name], outcomes[name]
    assert outcome.shown.heard.admitted, outcome.said
    assert outcome.shown.inside == 1
    started = outcome.said.of("SES-START")
    assert started, outcome
    assert started["partner"] == partner_of(name)
    warned = outcome.said.of("ADM-WARNING")
    assert bool(warned) is bool(case.doubt), outcome
    assert warned is None or case.doubt in warned["reason"]


@pytest.mark.parametrize("name", [*wire.WIRES, "silence"])
def test_who_does_not_speak_as_it_must_is_refused_with_the_reason(outcomes: Mapping[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    row = wire.WIRES.get(name, wire.SILENT)
    check_nothing_inside(outcome.shown)
    fields = outcome.said.of(row.kind)
    assert fields, outcome
    assert re.search(row.reason, fields["reason"]), fields


@pytest.mark.parametrize("most", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION], ids=["TLS 1.2", "TLS 1.3"])
def test_nobody_comes_in_by_a_session_of_before(
    guarded: Site, station: RecordingStation, world: World, most: int
) -> None:
    first, again = wire.twice(guarded.ports.external, world, most)
    assert first.admitted
    assert again.admitted, "by its certificate, which it has shown again"
    assert not again.resumed


def test_nobody_makes_another_handshake_in_a_session(guarded: Site, station: RecordingStation, world: World) -> None:
    heard, end = wire.renegotiate(guarded.ports.external, world)
    assert heard.admitted
    assert "no renegotiation" in end


def test_a_session_too_many_of_a_partner_is_refused(guarded: Site, station: RecordingStation, world: World) -> None:
    context = peer.context_of(world.shown("pinned, one session at once"))
    first, second = wire.both_at_once(guarded.ports.external, context)
    assert (first.admitted, second.admitted) == (True, False)
    assert second.octets == b""
    fields = said_of(guarded, [second.source])[second.source].of("ADM-LIMIT")
    assert fields
    assert "1" in fields["limit"]


def test_the_table_has_at_least_sixty_cases() -> None:
    assert len(CASES) >= 60
