"""Every way in which a session can end: both hosts and the journal say the same of it, and rightly."""

import contextlib
import functools
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from certificates import make
from functional.ends import ByHand
from functional.harness import open_site
from functional.peers import BROKEN, Partner, offer
from functional.processes import kill
from functional.scenes import (
    HOPS,
    IDLE_AT_CLIENT,
    IDLE_AT_SERVER,
    MOST,
    NOT_INSIDE,
    SIDES,
    Scene,
    Way,
    World,
    c_data,
    close_connection,
    drop_connection,
    launch_demanding_api,
    reset_connection,
    soon,
)
from seon.cli.quickstart.installation import PARTNER
from seon.oftp2 import commands as c
from seon.oftp2.framing import frame
from seon.oftp2.reasons import EndReason
from seon.station.tls import StationTls, TlsFiles

DRAIN_SECONDS = 1
BAD = frame(b"?")
Does = Callable[[ByHand, Scene], None]
WAYS = {"incoming": True, "outgoing": False}
BARRED = ("removed", "unpinned")
at_most = functools.partial(pytest.mark.timeout, func_only=True)
"""A limit in seconds for a test without its set-up: the first of a module may wait while the first installation is
made, whose programs have limits of their own."""
SESSIONS = 6
"""Of a partner at once: more than any test but one has, the last ones of the test before included."""


@pytest.fixture(scope="module")
def hosts(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A site of which only Seonapi, server and client are programs."""
    site = open_site(golden, tmp_path_factory.mktemp("ends") / "run")
    partners = (*BARRED, NOT_INSIDE)
    for name in partners:
        make(name).write(site.layout.certificate(name), site.layout.key(name))
    site.seonapi(
        ["set", "drain_seconds", str(DRAIN_SECONDS)],
        ["set", "sessions_per_partner", str(SESSIONS)],
        *(["partner", "add", name, "--certificate", str(site.layout.certificate(name))] for name in partners),
    )
    made = World(site)
    try:
        launch_demanding_api(site)
        yield made
    finally:
        made.close()
        site.close()


@pytest.fixture
def world(hosts: World) -> World:
    """The same with both hosts running: a test may have ended them."""
    hosts.start()
    return hosts


# --- what the two ends do, and what the verifiers say -----------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """What happens in an open session, who has ended it then, and why."""

    name: str
    way: Way
    by: str
    reason: str
    opened: bool = True
    """Both SSIDs have passed before."""


def partner(scene: Scene) -> ByHand:
    return scene.partner


def station(scene: Scene) -> ByHand:
    return scene.station


def says_goodbye(end: ByHand, scene: Scene) -> None:
    scene.turn_to(end)
    end.send(c.EndSession(EndReason.NORMAL))


def gives_up(end: ByHand, scene: Scene) -> None:
    end.send(c.EndSession(EndReason.NO_RESOURCES, "a stranger's words"))


def is_cut_inside_a_buffer(end: ByHand, scene: Scene) -> None:
    end.send(b"\x10\x00\x00\x50H")
    close_connection(end)


def half_closes_and_is_answered(end: ByHand, scene: Scene) -> None:
    close_connection(end)
    with contextlib.suppress(*BROKEN):
        scene.other(end).next_buffer()
    scene.other(end).send(c.EndSession(EndReason.UNSPECIFIED))


def closes_in_the_middle_of_a_file(end: ByHand, scene: Scene) -> None:
    scene.send_file(end)
    close_connection(end)


def is_refused_inside_only(end: ByHand, scene: Scene) -> None:
    scene.turn_to(end)
    end.send(offer("OK", 2 * MOST, incoming=end is scene.partner))


def offers_and_closes(end: ByHand, scene: Scene) -> None:
    """The refusal inside and the end of the connection are under way at once."""
    is_refused_inside_only(end, scene)
    close_connection(end)


def has_all_files_declined(scene: Scene) -> None:
    scene.turn_to(scene.called)
    scene.called.send(offer("BAD", 10, incoming=scene.called is scene.partner))
    assert isinstance(scene.called.receive(), c.StartFileRefused)
    scene.called.send(c.ChangeDirection())


def both_give_up(scene: Scene) -> None:
    for end in (scene.partner, scene.station):
        gives_up(end, scene)
    both_close(scene)


def both_close(scene: Scene) -> None:
    for end in (scene.partner, scene.station):
        close_connection(end)


def one_closes_and_the_other_breaks_a_rule(scene: Scene) -> None:
    scene.station.send(BAD)
    close_connection(scene.partner)


def link_is_cut_inside_a_buffer(scene: Scene) -> None:
    scene.send_file(scene.caller)
    scene.link.cut_newest_after(30_000)
    with contextlib.suppress(*BROKEN):
        scene.caller.send(c_data(1_000))


def sends_signal(side: str, number: signal.Signals) -> Way:
    def way(scene: Scene) -> None:
        (process,) = [seen for seen in scene.site.sessions(side) if scene.session[:8] in seen.title]
        kill(process.pid, number)

    return way


def both_processes_are_killed(scene: Scene) -> None:
    for side in SIDES:
        sends_signal(side, signal.SIGKILL)(scene)


def of_each(name: str, what: Does, reason: str, by: str = "", *, opened: bool = True) -> list[Case]:
    """Return the case for the partner, and for the station."""
    return [
        Case(f"the {who} {name}", lambda scene, end=end: what(end(scene), scene), by or who, reason, opened)
        for who, end in (("partner", partner), ("station", station))
    ]


def with_connection(do: Callable[[ByHand], None]) -> Does:
    return lambda end, _: do(end)


CLOSED = "connection closed without ESID"
UNSAID = "ESID 05 .*, and the other host did not say whose it is"
LOST = "the connection between server and client was lost"
UNLINKED = "the client is ending, since there is no link between server and client any more"
CASES = [
    *of_each("says goodbye", says_goodbye, r"ESID 00 .*"),
    *of_each("gives up", gives_up, r"ESID 08 (?!.*stranger).*"),
    *of_each("closes", with_connection(close_connection), CLOSED),
    *of_each("closes before the SSIDs", with_connection(close_connection), CLOSED, opened=False),
    *of_each("closes in the middle of a file", closes_in_the_middle_of_a_file, CLOSED),
    *of_each("resets", with_connection(reset_connection), "connection broken"),
    *of_each("half closes and is answered", half_closes_and_is_answered, CLOSED),
    Case("the partner ends without close_notify", lambda s: drop_connection(s.partner), "partner",
         r"connection closed without ESID and without the end of TLS \(close_notify\)"),
    Case("the partner is cut inside a buffer", lambda s: is_cut_inside_a_buffer(s.partner, s), "server verifier",
         "rule STH-EOF: .*"),
    Case("the station is cut inside a buffer", lambda s: is_cut_inside_a_buffer(s.station, s), "client verifier",
         "rule STH-EOF: .*"),
    Case("the partner breaks a rule", lambda s: s.partner.send(BAD), "server verifier", "rule CMD-ID: .*"),
    Case("the station breaks a rule", lambda s: s.station.send(BAD), "client verifier", "rule CMD-ID: .*"),
    *of_each("breaks a rule of the inside", is_refused_inside_only, "rule POL-SIZE: .*", "client verifier"),
    *of_each("breaks a rule of the inside and closes", offers_and_closes, "rule POL-SIZE: .*", "client verifier"),
    Case("all files are declined", has_all_files_declined, "client verifier", "nothing was left after 1 declined file"),
    Case("both give up at once", both_give_up, "partner|station", "ESID 08 .*"),
    Case("both close at once", both_close, "partner|station", CLOSED),
    Case("one closes while the other breaks a rule", one_closes_and_the_other_breaks_a_rule,
         "partner|client verifier", f"{CLOSED}|rule CMD-ID: .*"),
    Case("the link is cut", lambda s: s.link.cut_newest(), "link", LOST),
    Case("the link is cut inside a buffer", link_is_cut_inside_a_buffer, "link", LOST),
    *(Case(f"a signal to the {side}'s session process", sends_signal(side, signal.SIGTERM), "administrator",
           f"signal 15 to the session process of the {side}") for side in SIDES),
    *(Case(f"the {side}'s session process is killed", sends_signal(side, signal.SIGKILL), "crash",
           f"the session process of the {side} was ended by signal 9") for side in SIDES),
    Case("both session processes are killed", both_processes_are_killed, "crash",
         "the session process of the (server|client) was ended by signal 9"),
]  # fmt: skip


@at_most(40)
@pytest.mark.parametrize("direction", WAYS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_hosts_and_the_journal_name_who_ended_the_session_and_why(
    world: World, case: Case, direction: str
) -> None:
    with world.scene(WAYS[direction]) as scene:
        scene.open() if case.opened else scene.begin()
        case.way(scene)
        scene.drain()
        scene.check(case.by, case.reason)


@at_most(40)
@pytest.mark.parametrize("who", ["partner", "station"])
def test_an_end_before_the_first_octet_is_told_as_truly(world: World, who: str) -> None:
    """Outgoing there is no session before the partner has spoken."""
    with world.scene(incoming=True) as scene:
        scene.identify()
        close_connection(getattr(scene, who))
        scene.drain()
        scene.check(who, CLOSED)


# --- time limits, and what an administrator does ----------------------------------------------------------------------


@contextlib.contextmanager
def in_both_directions(world: World) -> Iterator[list[Scene]]:
    with world.opened(incoming=True) as one, world.opened(incoming=False) as two:
        yield [one, two]


@at_most(60)
def test_the_host_whose_patience_was_over_is_named(world: World) -> None:
    settings = ((IDLE_AT_SERVER, 2, "server"), (IDLE_AT_CLIENT, 1, "client"))
    try:
        for setting, seconds, side in settings:
            world.site.set("idle_seconds", setting)
            world.site.in_force()
            with in_both_directions(world) as scenes:
                for scene in scenes:
                    scene.drain()
                    scene.check("idle", f"no progress for {seconds} s at the {side}")
    finally:
        world.site.set("idle_seconds", 300)
        world.site.in_force()


BAR = f"""
from seon.backend.partners.models import Partner, PartnerCertificate
disabled = Partner.objects.get(identifier="{PARTNER}")
disabled.enabled = False
disabled.save()
PartnerCertificate.objects.filter(partner__identifier="unpinned").delete()
Partner.objects.get(identifier="removed").delete()
"""
UNBAR = f"""
from seon.backend.partners.models import Partner
disabled = Partner.objects.get(identifier="{PARTNER}")
disabled.enabled = True
disabled.save()
"""


@at_most(40)
def test_a_partner_that_was_disabled_or_removed_or_whose_pin_was_withdrawn_is_told_as_that(world: World) -> None:
    with contextlib.ExitStack() as stack:
        scenes = stack.enter_context(in_both_directions(world))
        scenes += [stack.enter_context(world.opened(True, name)) for name in BARRED]
        world.site.django(BAR)
        try:
            for scene in scenes:
                scene.drain()
                scene.check("administrator", "the partner may not have sessions any more")
        finally:
            world.site.django(UNBAR)
            world.site.in_force()


# --- sessions that do not come about ----------------------------------------------------------------------------------


def no_receive_daemon(world: World) -> None:
    with world.away(incoming=True), Partner(world.site) as caller:
        assert caller.until_end() == []


def no_partner(world: World) -> None:
    with world.away(incoming=False), world.send_daemon() as caller:
        assert caller.recv(1) == b""


def another_certificate(world: World) -> None:
    layout = world.site.layout
    files = TlsFiles(layout.certificate(NOT_INSIDE), layout.key(NOT_INSIDE), layout.certificate("proxy"))
    with world.send_daemon() as caller, world.accept(incoming=False) as sock:
        with contextlib.suppress(*BROKEN):
            StationTls(files, listening=True).accept(sock).end()
        assert caller.recv(1) == b""


def not_known_inside(world: World) -> None:
    with Partner(world.site, certificate=NOT_INSIDE) as caller:
        assert caller.until_end() == []


def too_many(world: World) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(SESSIONS):
            stack.enter_context(world.opened(incoming=True))
        with world.send_daemon() as caller:
            assert caller.recv(1) == b""


FAILURES = {
    "the receive daemon is away": (no_receive_daemon, SIDES),
    "the partner is away": (no_partner, SIDES),
    "the partner shows another certificate": (another_certificate, SIDES),
    "the inside refuses": (not_known_inside, SIDES),
    "a limit is reached inside": (too_many, ("client",)),
}


@at_most(40)
@pytest.mark.parametrize("failure", FAILURES)
def test_a_session_that_does_not_come_about_has_one_id_on_both_hosts(world: World, failure: str) -> None:
    fails, sides = FAILURES[failure]
    logged = world.logged()
    fails(world)

    def told(side: str) -> list[str]:
        return re.findall(r"SES-FAILED(?: \[(\w*)\])? ", world.site.log(side)[logged[side] :])

    for side in sides:
        soon(lambda side=side: told(side), f"the {side} has told of it")
    (session,) = {id_ for side in SIDES for id_ in told(side)}
    assert session
    hops = {HOPS[side] for side in sides}
    query = "SELECT hop FROM journal_entry WHERE code = 'SES-FAILED' AND session = ?"
    soon(lambda: {hop for (hop,) in world.site._rows(query, session)} == hops, "the journal says so")


# --- the ends of mains ------------------------------------------------------------------------------------------------


@at_most(60)
@pytest.mark.parametrize("side", ["client", "server"])
def test_a_host_that_ends_in_order_is_named(world: World, side: str) -> None:
    with in_both_directions(world) as scenes:
        end_main(world, scenes, side, signal.SIGTERM)
        if side == "client":
            world.start()  # it takes the rest of the server's events inside
        for scene in scenes:
            scene.check("administrator", f"the {side} is ending")


@at_most(60)
@pytest.mark.parametrize(
    ("side", "other", "reason"),
    [("client", "server", f"{UNSAID}|{LOST}"), ("server", "client", f"{UNSAID}|{LOST}|{UNLINKED}")],
    ids=["client", "server"],
)
def test_of_a_host_that_was_killed_the_other_says_only_what_it_knows(
    world: World, side: str, other: str, reason: str
) -> None:
    """Nobody can know more; and what the dead host would have said, nobody writes."""
    with in_both_directions(world) as scenes:
        end_main(world, scenes, side, signal.SIGKILL)
        if side == "client":
            world.start()
        for scene in scenes:
            scene.check("link", reason, (other,))
            assert f"SES-END [{scene.session}]" not in world.site.log(side)


def end_main(world: World, scenes: list[Scene], side: str, number: signal.Signals) -> None:
    """End a main by a signal: without its server no client lives (mission A7)."""
    kill(world.site.running[side].pid, number)
    for scene in scenes:
        scene.drain()
    world.ended(*(("server", "client") if side == "server" else ("client",)))
