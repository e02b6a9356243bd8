"""What one partner is refused for, another may do: rules and demands as an administrator sets them, in general and
for a partner."""

import re
import select
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from certificates import make
from functional.ends import ByHand, both_ends, last_word, opened, start
from functional.harness import OUR_CODE, PASSWORD, Site, run
from functional.peers import HeldTransfer, Partner, RecordingStation, offer, random_file
from functional.processes import eventually
from seon.cli.quickstart.installation import PARTNER
from seon.oftp2 import commands as c
from seon.oftp2.codec import decode, encode
from seon.oftp2.framing import frame
from seon.oftp2.reasons import EndReason
from seon.oftp2.session_start import Profile

PARTNERS = {
    "plain": {},
    "lenient": {"rules.FLD-TIME": "warn"},
    "exact": {"rules.FLD-TIME": "refuse", "level_5_only": "no"},
    "level-5": {"level_5_only": "yes"},
    "secure": {"secure_authentication": "yes"},
    "small-files": {"incoming_max_octets": "5000", "rules.POL-SIZE": "refuse"},
    "named-files": {"incoming_names": "INVOICE*, ORDER?", "rules.POL-NAME": "refuse"},
    "destined-files": {"incoming_destinations": "O0013ELSEWHERE", "rules.POL-DEST": "refuse"},
    "own-files": {"incoming_originators": "O0013ELSEWHERE", "rules.POL-ORIG": "refuse"},
    "bound": {},
    "known-as-another": {"rules.ADM-CODE": "warn"},
    "bound-files": {"rules.ADM-ORIG": "decline"},
    "silent": {"esid_names_rule": "no"},
    "strict": {"profile": "strict"},
    PARTNER: {"outgoing_max_octets": "5000"},
}
"""Partners by what is set for them."""
CODES = {"bound": ["o0013any"], "known-as-another": ["O0013ONE"], "bound-files": ["O0013FILES"]}
"""The codes that are theirs, where they may not show every one."""
CODE = "O0013ANY"
BAD_TIME = frame(encode(offer("BAD"), 5).replace(b"20260101120000", b"20260101129900"))
LEVEL_4 = frame(encode(Profile(CODE, PASSWORD, level=4).offer(), 4))


@pytest.fixture(scope="module")
def several(without_station: Site) -> Site:
    """A site with a partner for each setting."""
    site, layout = without_station, without_station.layout
    new = [name for name in PARTNERS if name != PARTNER]
    for name in new:
        make(name).write(layout.certificate(name), layout.key(name))
    site.seonapi(
        *(["partner", "add", name, "--certificate", str(layout.certificate(name))] for name in new),
        *(["partner", "code", "add", name, *codes] for name, codes in CODES.items()),
        *(["partner", "set", name, *setting] for name, own in PARTNERS.items() for setting in own.items()),
    )
    site.in_force()
    return site


@pytest.fixture
def station(several: Site) -> Iterator[RecordingStation]:
    with RecordingStation(several.ports.receive) as recording:
        yield recording


@contextmanager
def in_general(site: Site, key: str, value: str, otherwise: str) -> Iterator[None]:
    """Set something for all partners while the test runs."""
    site.set(key, value)
    site.in_force()
    try:
        yield
    finally:
        site.set(key, otherwise)
        site.in_force()


def connected(site: Site, name: str) -> Partner:
    return Partner(site, certificate=name, code=CODE)


def offering(site: Site, name: str, sfid: bytes) -> Partner:
    """Open a session as a partner and offer a file."""
    partner = connected(site, name)
    partner.open()
    partner.tls.sendall(sfid)
    return partner


def check_refused(
    site: Site, partner: Partner, station: RecordingStation, name: str, rule: str, reason: EndReason
) -> None:
    """See a session refused for a rule: an ESID to both sides, and an event that names rule and partner.

    The partner broke it, so it is told which, unless both SSIDs have not passed.
    """
    heard = partner.until_end()
    partner.sock.close()
    assert isinstance(heard[-1], c.EndSession)
    assert heard[-1].reason == reason
    assert heard[-1].text.startswith(f"rule {rule}") is (rule not in ("ADM-CODE", "POL-LEVEL", "POL-AUTH"))
    eventually(station.closed[-1].is_set, why="the receive daemon's connection ends")
    assert bytes(station.heard[-1]).endswith(frame(encode(c.EndSession(reason), 5))), "both sides hear the same"
    site.running["server"].wait_for(f"SES-REFUSED .*rule {rule}, .*partner {name};")
    settled(site)


def check_passes(site: Site, station: RecordingStation, partner: Partner, octets: bytes) -> None:
    with partner:
        eventually(lambda: bytes(station.heard[-1]).endswith(octets), why="the octets reach the receive daemon")
    settled(site)


def settled(site: Site) -> None:
    eventually(lambda: not site.sessions("server") and not site.sessions("client"))


def findings(site: Site, rule: str, name: str) -> list[int]:
    """Count the findings of a rule and a partner that server and client have told."""
    pattern = rf"SES-FINDING .*rule {rule}, .*partner {name};"
    return [len(re.findall(pattern, site.log(side))) for side in ("server", "client")]


def test_a_rule_softened_for_a_partner_is_a_finding_there_and_refused_for_another(
    several: Site, station: RecordingStation
) -> None:
    check_passes(several, station, offering(several, "lenient", BAD_TIME), BAD_TIME)
    assert findings(several, "FLD-TIME", "lenient") == [1, 1]
    with offering(several, "plain", BAD_TIME) as partner:
        check_refused(several, partner, station, "plain", "FLD-TIME", EndReason.INVALID_DATA)
    assert BAD_TIME not in bytes(station.heard[-1])


def test_a_rule_softened_in_general_is_still_refused_for_the_partner_that_is_excepted(
    several: Site, station: RecordingStation
) -> None:
    with in_general(several, "rules.FLD-TIME", "warn", otherwise=""):
        check_passes(several, station, offering(several, "plain", BAD_TIME), BAD_TIME)
        assert findings(several, "FLD-TIME", "plain") == [1, 1]
        with offering(several, "exact", BAD_TIME) as partner:
            check_refused(several, partner, station, "exact", "FLD-TIME", EndReason.INVALID_DATA)


def answer_to_level_4(site: Site, name: str) -> c.Command:
    """Call as a station of level 4; return the answer."""
    with connected(site, name) as partner:
        assert isinstance(partner.receive(), c.StartSessionReady)
        partner.tls.sendall(LEVEL_4)
        while not partner._commands:
            partner._commands += partner._frames.feed(partner.tls.receive())
        return decode(partner._commands.pop(0), 4)[0]


def test_level_5_only_refuses_a_station_of_level_4_and_no_other_partners(
    several: Site, station: RecordingStation
) -> None:
    assert answer_to_level_4(several, "level-5") == c.EndSession(EndReason.INCOMPATIBLE)
    several.running["server"].wait_for("SES-REFUSED .*rule POL-LEVEL, .*partner level-5;")
    settled(several)
    assert LEVEL_4 not in bytes(station.heard[-1])
    answer = answer_to_level_4(several, "plain")
    assert isinstance(answer, c.StartSession)
    assert answer.level == 4
    with connected(several, "level-5") as partner:
        partner.open()
    settled(several)


def test_level_5_only_in_general_can_be_lifted_for_a_partner(several: Site, station: RecordingStation) -> None:
    with in_general(several, "level_5_only", "yes", otherwise="no"):
        assert isinstance(answer_to_level_4(several, "exact"), c.StartSession)
        assert answer_to_level_4(several, "plain") == c.EndSession(EndReason.INCOMPATIBLE)
        settled(several)


def test_secure_authentication_is_demanded_of_a_partner(several: Site, station: RecordingStation) -> None:
    with connected(several, "secure") as partner:
        partner.receive()
        partner.send(partner.profile.offer())
        reason = EndReason.AUTHENTICATION_INCOMPATIBLE
        check_refused(several, partner, station, "secure", "POL-AUTH", reason)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("small-files", "POL-SIZE"),
        ("named-files", "POL-NAME"),
        ("destined-files", "POL-DEST"),
        ("own-files", "POL-ORIG"),
    ],
)
def test_a_file_that_a_partner_may_not_send_is_refused_before_its_data(
    several: Site, station: RecordingStation, name: str, rule: str
) -> None:
    sfid = frame(encode(offer("HELD", 10_000), 5))
    with offering(several, name, sfid) as partner:
        check_refused(several, partner, station, name, rule, EndReason.UNSPECIFIED)
    assert sfid not in bytes(station.heard[-1])
    check_passes(several, station, offering(several, "plain", sfid), sfid)


def test_a_code_that_is_not_the_partners_is_refused_and_lower_case_is_another_one(
    several: Site, station: RecordingStation
) -> None:
    with connected(several, "bound") as partner:
        partner.receive()
        partner.send(partner.profile.offer())
        check_refused(several, partner, station, "bound", "ADM-CODE", EndReason.UNKNOWN_CODE)
    assert CODE.encode() not in bytes(station.heard[-1])
    with Partner(several, certificate="bound", code=CODE.lower()) as partner:
        partner.open()
    settled(several)
    assert CODE.lower().encode() in bytes(station.heard[-1])


def test_a_code_that_is_not_the_partners_may_be_a_finding_for_one_partner(
    several: Site, station: RecordingStation
) -> None:
    with connected(several, "known-as-another") as partner:
        partner.open()
    settled(several)
    assert findings(several, "ADM-CODE", "known-as-another") == [1, 1]


def test_a_file_of_another_originator_can_be_declined(several: Site, station: RecordingStation) -> None:
    with Partner(several, certificate="bound-files", code="O0013FILES") as partner:
        partner.open()
        partner.send(offer("OTHERS"))
        answer = partner.receive()
        assert isinstance(answer, c.StartFileRefused)
        assert (answer.reason, answer.text) == (3, "originator of a file is not its sender")
        partner.send(replace(offer("OWN"), originator="O0013FILES"))
        assert isinstance(partner.receive(), c.StartFileAccepted)
    assert b"OTHERS" not in bytes(station.heard[-1])
    several.running["client"].wait_for("FIL-END .*File OTHERS .*incoming: declined by rule ADM-ORIG")
    settled(several)


@pytest.mark.parametrize("name", ["INVOICE.2026", "ORDER7"])
def test_a_file_of_an_allowed_name_passes(several: Site, station: RecordingStation, name: str) -> None:
    sfid = frame(encode(offer(name, 10_000), 5))
    check_passes(several, station, offering(several, "named-files", sfid), sfid)


def test_a_file_that_gets_bigger_than_its_offer_says_is_refused_when_it_does(
    several: Site, station: RecordingStation
) -> None:
    with offering(several, "small-files", frame(encode(offer("SMALL", 1_000), 5))) as partner:
        assert isinstance(partner.receive(), c.StartFileAccepted)
        within, over = (frame(b"D" + (b"\x3f" + fill * 63) * 60) for fill in (b"a", b"b"))
        partner.tls.sendall(within + over)
        check_refused(several, partner, station, "small-files", "POL-SIZE", EndReason.UNSPECIFIED)
    assert within in bytes(station.heard[-1])
    assert over not in bytes(station.heard[-1])


def test_what_a_partner_may_be_sent_is_another_matter(several: Site, station: RecordingStation, tmp_path: Path) -> None:
    sent = several.send_out([random_file(tmp_path / "SMALL", 1_000)])
    assert sent.status == 0, sent.output
    assert several.send_out([random_file(tmp_path / "LARGE", 100_000)]).status != 0
    several.running["client"].wait_for("FIL-END .*File LARGE .*outgoing: declined by rule POL-SIZE")
    settled(several)
    with HeldTransfer(several, 100_000) as transfer:
        transfer.finish()
    assert len(transfer.receipts) == 1, "it may send what it may not be sent"
    settled(several)


def test_a_partner_can_be_told_nothing_but_the_reason(several: Site, station: RecordingStation) -> None:
    with offering(several, "silent", BAD_TIME) as partner:
        assert partner.until_end()[-1] == c.EndSession(EndReason.INVALID_DATA)
    settled(several)


def test_a_partner_is_told_the_rule_and_the_field_and_the_receive_daemon_neither(several: Site) -> None:
    with opened(several, "plain") as (partner, daemon):
        partner.send(BAD_TIME)
        assert partner.rest() == [encode(c.EndSession(EndReason.INVALID_DATA, "rule FLD-TIME, SFIDTIME"), 5)]
        assert daemon.rest() == [encode(c.EndSession(EndReason.INVALID_DATA), 5)]
    settled(several)


@pytest.mark.parametrize(("name", "told"), [("plain", "rule FLD-9, SFPAACNT"), ("silent", "")])
def test_the_receive_daemon_is_told_too_what_it_broke_unless_the_partner_is_excepted(
    several: Site, name: str, told: str
) -> None:
    with opened(several, name) as (partner, daemon):
        partner.send(offer())
        daemon.receive()
        daemon.send(frame(encode(c.StartFileAccepted(), 5)[:-1] + b"X"))
        assert daemon.rest() == [encode(c.EndSession(EndReason.INVALID_DATA, told), 5)]
        assert partner.rest() == [encode(c.EndSession(EndReason.INVALID_DATA), 5)]
    settled(several)


@pytest.mark.parametrize(("level", "reason"), [(1, 3), (2, 4), (4, 3), (4, 10)])
def test_an_ssid_may_be_refused_by_an_esid_in_the_layout_of_level_5(several: Site, level: int, reason: int) -> None:
    esid = encode(c.EndSession(reason, "not known here"), 5)
    logged = {side: len(several.log(side)) for side in ("server", "client")}
    with both_ends(several, incoming=True, certificate="plain") as wires:
        partner, daemon = (ByHand(wire, level) for wire in wires)
        start(partner, daemon, Profile(CODE, PASSWORD, level=level).offer())
        daemon.send(frame(esid))
        assert last_word(daemon, partner) == esid, "the partner hears it as it was sent"
    check_found(several, logged, "Responder")


def test_the_answer_to_an_ssid_may_be_refused_so_too(several: Site) -> None:
    esid = encode(c.EndSession(EndReason.UNKNOWN_CODE, "not known here"), 5)
    logged = {side: len(several.log(side)) for side in ("server", "client")}
    with both_ends(several, incoming=True, certificate="plain") as wires:
        partner, daemon = (ByHand(wire, 2) for wire in wires)
        start(partner, daemon, Profile(CODE, PASSWORD, level=2).offer(), Profile(OUR_CODE, PASSWORD, level=2).offer())
        partner.send(frame(esid))
        assert last_word(partner, daemon) == esid
    check_found(several, logged, "Initiator")


def check_found(site: Site, logged: dict[str, int], side: str) -> None:
    """Both hosts have told of the layout, and nothing else was wrong."""
    settled(site)
    for name, before in logged.items():
        said = re.findall(r"SES-(FINDING|REFUSED).* key (\S+), the (\w+)'s ", site.log(name)[before:])
        assert said == [("FINDING", "CMD-LEN/esid-layout", side)]


def test_a_strict_partner_is_refused_that_layout(several: Site) -> None:
    with both_ends(several, incoming=True, certificate="strict") as wires:
        partner, daemon = (ByHand(wire, 4) for wire in wires)
        start(partner, daemon, Profile(CODE, PASSWORD, level=4).offer())
        daemon.send(frame(encode(c.EndSession(EndReason.UNKNOWN_CODE), 5)))
        assert partner.rest() == daemon.rest() == [encode(c.EndSession(EndReason.BUFFER_SIZE), 4)]
    several.running["client"].wait_for("SES-REFUSED .*key CMD-LEN/esid-layout, .*partner strict;")
    settled(several)


def test_an_octet_at_a_time_is_no_progress(several: Site) -> None:
    timed_out = encode(c.EndSession(EndReason.TIME_OUT), 5)
    with in_general(several, "idle_seconds", "2", otherwise="300"):
        for drips in (0, 1):
            with opened(several, "plain") as ends:
                partner, daemon = ends
                for octet in b"\x10\x00\x00\xffH" + bytes(200):
                    ends[drips].wire.sendall(bytes((octet,)))
                    if select.select([partner.wire.sock], [], [], 0.1)[0]:
                        break
                assert partner.rest() == daemon.rest() == [timed_out]
            several.running["server"].wait_for(
                "SES-END .*partner plain ended by idle: no progress for 2 s at the server;"
            )
            settled(several)


def test_a_running_session_is_traced_by_its_id_and_no_other(several: Site, station: RecordingStation) -> None:
    def running() -> list[tuple[str]]:
        return several._rows("SELECT session FROM journal_session WHERE ended_at IS NULL")

    def traces() -> list[Path]:
        return sorted(several.layout.root.glob("*/traces/*"))

    eventually(lambda: not running(), why="earlier sessions have ended in the journal, too")
    with HeldTransfer(several) as transfer:
        eventually(running, why="the session is in the journal")
        ((session,),) = running()
        assert traces() == []
        several.seonapi(["trace", session[:8], "on"])
        several.in_force()
        transfer.finish()
    settled(several)
    found = traces()
    assert [path.parent.parent.name for path in found] == ["client", "server"]
    assert all(path.name.startswith(session) for path in found)
    with Partner(several) as partner:
        partner.open()
    settled(several)
    assert traces() == found

    eventually(lambda: not running(), why="the session has ended in the journal")
    done = run(["seonapi", "queue", "--once"], several.layout.seonapi)
    assert done.returncode == 0, done.stderr
    assert several._rows("SELECT count(*) FROM configuration_tracedsession") == [(0,)]
