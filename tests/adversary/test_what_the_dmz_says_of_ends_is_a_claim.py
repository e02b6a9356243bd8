"""A DMZ host in an attacker's hands speaks of the ends of sessions: no word of it takes the place of what the inside
has decided, and none touches a session that it is not about.

The programs are real; the server's main says what `adversary.daemons` lets it say.
"""

import json
import signal
from collections.abc import Iterator

import pytest

from adversary.bodies import LATE_MAY_START
from adversary.daemons import CLAIM, WAITING
from adversary.hostile import HostileSite, session_in
from functional.peers import Partner
from functional.processes import eventually, kill
from seon.oftp2 import commands as c

Claim = tuple[str, str, str, str, int]
"""Session, by, why, rule, number."""


@pytest.fixture
def session(hostile: HostileSite) -> Iterator[tuple[str, Partner]]:
    """A session that runs on both hosts."""
    started = {side: len(hostile.lines(side, "SES-START .*honest")) for side in ("server", "client")}
    with Partner(hostile, certificate="honest", code="O0013HONEST") as partner:
        partner.open()
        for side, count in started.items():
            line = hostile.line(side, "SES-START .*honest", but=count)
        yield session_in(line), partner


def claim(site: HostileSite, *claims: Claim) -> None:
    """Let the server's main say this, and wait until the client has taken it: what comes after it has arrived."""
    (site.layout.server / "claims.json").write_text(json.dumps(claims))
    kill(site.running["server"].pid, CLAIM)
    taken = len(site.lines("client", "SES-START .*leaver"))
    with Partner(site, certificate="leaver", code="O0013LEAVER") as later:
        later.open()
        site.line("client", "SES-START .*leaver", but=taken)
        later.send(c.EndSession(0))
        later.tls.end()


def end_at_client(site: HostileSite, session: str) -> str:
    line = site.line("client", rf"SES-END \[{session}\]")
    assert len(site.lines("client", rf"SES-(END|FAILED) \[{session}\]")) == 1
    assert not site.lines("client", "-FAULT|LNK-DOWN|Traceback")
    return line


def ends_itself(partner: Partner) -> None:
    partner.send(c.EndSession(0))
    partner.tls.end()


def test_a_claim_about_a_session_that_is_not_there_touches_none(hostile: HostileSite, session) -> None:
    name, partner = session
    claim(hostile, ("0" * 24, "idle", "idle", "", 7), ("f" * 24, "partner", "closed", "", 0))
    ends_itself(partner)
    assert "ended by partner: ESID 00" in end_at_client(hostile, name)
    assert not hostile.lines("client", "0{24}|f{24}")


@pytest.mark.parametrize(
    "lie",
    [
        ("station", "esid", "", 3),
        ("station", "closed", "", 0),
        ("partner", "idle", "", 3),
        ("verifier", "rule", "NO-SUCH", 0),
        ("verifier", "rule", "", 0),
        ("partner", "closed", "FLD-TIME", 0),
    ],
    ids=lambda lie: " ".join(map(str, lie)),
)
def test_a_claim_that_the_dmz_cannot_know_is_not_believed(hostile: HostileSite, session, lie) -> None:
    name, partner = session
    claim(hostile, (name, *lie))
    ends_itself(partner)
    assert "ended by partner: ESID 00" in end_at_client(hostile, name)


def test_no_claim_takes_the_place_of_what_the_inside_has_decided(hostile: HostileSite, session) -> None:
    name, partner = session
    claim(hostile, (name, "partner", "closed", "", 0), (name, "idle", "idle", "", 9))
    kill(hostile.sessions_of("client", "honest")[0], signal.SIGTERM)
    line = end_at_client(hostile, name)
    assert "ended by administrator: signal 15 to the session process of the client" in line
    assert isinstance(partner.until_end()[-1], c.EndSession)


def test_of_two_claims_the_first_counts_where_the_inside_knows_nothing(hostile: HostileSite, session) -> None:
    name, _ = session
    claim(hostile, (name, "idle", "idle", "", 9), (name, "administrator", "shutdown", "", 0))
    kill(hostile.sessions_of("server", "honest")[0], signal.SIGKILL)
    assert "ended by idle: no progress for 9 s at the server" in end_at_client(hostile, name)


def test_a_claim_about_a_session_that_has_not_begun_to_run_ends_nothing(hostile: HostileSite) -> None:
    go = hostile.layout.client / LATE_MAY_START
    go.unlink(missing_ok=True)
    hostile.bodies("client", honest="late")
    started = len(hostile.lines("client", "SES-START .*honest"))
    try:
        with Partner(hostile, certificate="honest", code="O0013HONEST") as partner:
            eventually(lambda: hostile.sessions_of("client", "honest"))
            claim(hostile, (WAITING, "idle", "idle", "", 9))
            assert hostile.sessions_of("client", "honest")
            go.touch()
            partner.open()
            name = session_in(hostile.line("client", "SES-START .*honest", but=started))
            ends_itself(partner)
            end_at_client(hostile, name)
    finally:
        hostile.bodies("client")


def test_the_journal_has_one_end_of_each_session_from_each_host(hostile: HostileSite) -> None:
    hostile.in_journal("SES-END", "no progress for 9 s")
    query = "SELECT session, hop, count(*) FROM journal_entry WHERE code = 'SES-END' GROUP BY session, hop"
    assert {count for _, _, count in hostile._rows(query)} == {1}
