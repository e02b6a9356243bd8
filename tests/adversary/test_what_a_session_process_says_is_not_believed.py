"""Session processes in an attacker's hands: killed for the first word that no session says, and nobody else notices.

The programs are real; the bodies of the liar's session processes are `adversary.bodies`.
"""

import contextlib
import signal
import socket
from collections.abc import Iterator
from functools import partial

import pytest

from adversary.bodies import BY_HOST, KILLED
from adversary.hostile import HostileSite, moment, session_in
from functional.peers import BROKEN, Partner
from functional.processes import eventually, kill
from seon.cli.quickstart.installation import PARTNER
from seon.daemon.children import MESSAGES_A_SECOND, MESSAGES_AT_ONCE
from seon.oftp2 import commands as c

HOPS = {"server": "dmz", "client": "inside"}
LIARS = {"server": "liar", "client": PARTNER}
"""Who has hostile session processes: at the server one that comes in, at the client one that is dialled."""
LIES = [(side, name) for side, hop in HOPS.items() for name in (*KILLED, *BY_HOST[hop], "100 MB")]


@contextlib.contextmanager
def begun(site: HostileSite, side: str, body: str) -> Iterator[None]:
    """Begin a session whose process has this body, on one host."""
    site.bodies(side, **{LIARS[side]: body})
    if side == "client":
        with socket.create_connection(("127.0.0.1", site.ports.outgoing), 10):
            yield
        return
    try:
        with Partner(site, certificate=LIARS[side], code="O0013LIAR"):
            yield
    except BROKEN:
        return


def an_honest_session_passes(site: HostileSite) -> None:
    """Another partner comes in, as far as both SSIDs, and ends in order; both hosts say so."""
    ended = r"SES-END .*partner honest ended by partner: ESID 00"
    before = {side: len(site.lines(side, ended)) for side in HOPS}
    with Partner(site, certificate="honest", code="O0013HONEST") as partner:
        partner.open()
        partner.send(c.EndSession(0))
        partner.tls.end()
    for side, count in before.items():
        site.line(side, ended, but=count)


def nothing_forged_is_written(site: HostileSite) -> None:
    for side in HOPS:
        assert "FORGED" not in site.log(side)
        assert not site.lines(side, "LIC-END|AUD-|-FAULT|Traceback")


def each_session_has_one_end(site: HostileSite, side: str) -> bool:
    begun = {session_in(line) for line in site.lines(side, r"SES-(START|KILLED) \[")}
    ends = [session_in(line) for line in site.lines(side, r"SES-(END|FAILED) \[")]
    assert len(ends) == len(set(ends)), "none has two"
    return begun <= set(ends)


@pytest.mark.parametrize(("side", "lie"), LIES, ids=[f"{side}: {lie}" for side, lie in LIES])
def test_a_session_process_that_says_what_none_says_is_killed_and_its_word_is_not_written(
    hostile: HostileSite, side: str, lie: str
) -> None:
    main, liar = hostile.running[side], LIARS[side]
    killed = f"SES-KILLED .*partner {liar} "
    before = len(hostile.lines(side, killed))
    with begun(hostile, side, lie):
        line = hostile.line(side, killed, but=before)
    why = (KILLED | BY_HOST[HOPS[side]]).get(lie, ([], ""))[1]
    assert f"ended by its main: {why}" in line
    eventually(lambda: not hostile.sessions_of(side, liar), why="the process is gone")
    nothing_forged_is_written(hostile)
    assert main.ended() is None


def test_after_all_lies_an_honest_session_passes_and_the_journal_has_each_event_once(hostile: HostileSite) -> None:
    an_honest_session_passes(hostile)
    for side in HOPS:
        eventually(partial(each_session_has_one_end, hostile, side), why=f"each session has one end: {side}")
    hostile.in_journal("SES-END", "honest ended by partner")
    rows = hostile._rows(
        "SELECT count(*), count(DISTINCT hop || event_id), count(DISTINCT event_id) FROM journal_entry"
    )
    assert len(set(rows[0])) == 1, rows
    assert hostile._rows("SELECT text FROM journal_entry WHERE text LIKE ? OR session LIKE ?", *["%FORGED%"] * 2) == []
    assert hostile._rows("SELECT code FROM journal_entry WHERE code = ?", "LIC-END") == []


@pytest.mark.parametrize("side", HOPS)
def test_a_session_process_speaks_of_its_own_partner_and_session_whatever_it_says(
    hostile: HostileSite, side: str
) -> None:
    hop, liar = HOPS[side], LIARS[side]
    before = len(hostile.lines(side, "SES-END .* by idle: no progress for 7 s"))
    with begun(hostile, side, "another's name"):
        line = hostile.line(side, "SES-END .* by idle: no progress for 7 s", but=before)
    assert f"partner {liar} ended" in line
    session = session_in(line)
    query = "SELECT code, hop, fields FROM journal_entry WHERE session = ? AND hop = ? ORDER BY code"
    eventually(lambda: len(hostile._rows(query, session, hop)) == 2, why="start and end are in the journal")
    end, start = hostile._rows(query, session, hop)
    assert (end[0], start[0]) == ("SES-END", "SES-START")
    assert liar in start[2]
    assert liar in end[2]
    nothing_forged_is_written(hostile)


@pytest.mark.parametrize("side", HOPS)
def test_no_line_of_a_session_process_passes_for_an_event_or_for_two_lines(hostile: HostileSite, side: str) -> None:
    """Intrusion detection reads the code where a line's text begins, and locks out the address behind it."""
    with begun(hostile, side, "forger"):
        eventually(lambda: len(hostile.lines(side, "ADM-REFUSED")) >= 2, why="both lines are written")
        warning, fatal = hostile.lines(side, "ADM-REFUSED")
        session = session_in(hostile.lines(side, f"SES-START .*partner {LIARS[side]}")[-1])
    assert f" WARNING {warning.split()[3]} [{session}] ADM-REFUSED Partner" in warning
    assert f" ERROR   {fatal.split()[3]} [{session}] ADM-REFUSED Partner" in fatal, "FATAL has no limit in the log"
    assert r"refused: x\n2026-11-26 00:00" in warning
    eventually(lambda: not hostile.sessions_of(side, LIARS[side]), 30, why="the forger is gone")


@pytest.mark.parametrize("side", HOPS)
def test_a_flood_of_events_holds_up_nobody_and_is_bounded(hostile: HostileSite, side: str) -> None:
    liar = LIARS[side]
    findings = f"SES-FINDING .*partner {liar}"
    with begun(hostile, side, "flood"):
        eventually(lambda: len(hostile.lines(side, findings)) > MESSAGES_AT_ONCE, why="it has used up its bucket")
        (flooding,) = hostile.sessions_of(side, liar)
        an_honest_session_passes(hostile)
        assert hostile.sessions_of(side, liar) == [flooding], "it floods still"
        lines = hostile.lines(side, findings)
        seconds = moment(lines[-1]) - moment(lines[0])
        assert len(lines) <= MESSAGES_AT_ONCE + MESSAGES_A_SECOND * (seconds + 1)
        hostile.bodies(side)
        kill(flooding, signal.SIGKILL)
    hostile.line(side, f"SES-END .*partner {liar} ended by crash", but=0)
    nothing_forged_is_written(hostile)
