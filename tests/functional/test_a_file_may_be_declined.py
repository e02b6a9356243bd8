"""A file that the company does not allow is declined: its sender hears so, the other station hears nothing of it, and
the session goes on."""

import io
import itertools
import json
import re
import signal
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pytest

from certificates import make
from functional import processes
from functional.ends import Whole, last_word, meet, opened
from functional.harness import OUR_CODE, PARTNER_CODE, PASSWORD, Site, run
from functional.peers import offer
from functional.processes import eventually
from seon.cli.quickstart.installation import PARTNER
from seon.oftp2 import commands as c
from seon.oftp2 import notices as n
from seon.oftp2.codec import encode
from seon.oftp2.observer import SessionObserver
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import MAX_DECLINES, RULES, Policy
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Profile
from seon.oftp2.transcript import parse, replay
from seon.station.keys import KeyPairAuthenticator, OwnKey, PeerKey
from session_keys import ISSUER, ROOT, certificate_of, key_of
from unit.oftp2.stations import User

MOST, ELSEWHERE = 20_000, "O0013ELSEWHERE"
RULE = {"n": "POL-NAME", "s": "POL-SIZE", "d": "POL-DEST", "o": "POL-ORIG"}
"""What an offered file breaks, by its letter in a case; `+` breaks nothing, `g` grows bigger than its offer says."""
BEGINNING = bytes(range(256)) * 4
"""Of each file: one unit of restart."""
_serials = itertools.count(1)


@dataclass(frozen=True)
class Case:
    """A session: the files of the station that calls and of the one that is called, a letter each."""

    calls: str
    called: str
    later: str = ""
    """Files of the caller that turn up when it is given the turn."""
    left: int = 0
    """Declined files in the last turn, where that had nothing else in it."""
    asks: bool = False
    """Each station asks for the turn behind each file that it gets."""
    receipts: bool = True
    restart: bool = False
    secure: bool = False


CASES = {
    "the first": Case("n+", "s++"),
    "the last": Case("++d", "+o"),
    "all, the last ones in a turn given unasked": Case("ns", "don", left=3),
    "all that turn up when the turn comes back": Case("+", "", later="s", left=1),
    "all in a turn that was asked for": Case("+", "nd", asks=True, receipts=False),
    "several in turn": Case("+nsdo+", "o+dsn+"),
    "receipts between": Case("+n+s+", "d+o+n", asks=True),
    "with restart": Case("+n+", "s+", restart=True),
}
SECURE = Case("n+s", "+o+", secure=True)
TOO_MANY = MAX_DECLINES + 1
WAYS = ["incoming", "outgoing"]


class Sender(Whole):
    """A station with files to send. `way`: the direction of what it sends."""

    def __init__(self, case: Case, level: int, way: str, *, initiator: bool) -> None:
        own, peer = (PARTNER_CODE, OUR_CODE) if way == "incoming" else (OUR_CODE, PARTNER_CODE)
        profile = Profile(own, PASSWORD, level=level, buffer_size=512, credit=3, authentication=case.secure)
        user = User(profile, initiator=initiator, keys=keys(own, peer) if case.secure else None)
        user.ask_for_turn, user.receipts = case.asks, case.receipts
        user.kept = BEGINNING if case.restart else b""
        super().__init__(user)
        self.way = way
        self.restart = case.restart
        self.files: dict[str, str] = {}
        """The letter of each file by its name."""

    def queue(self, letters: str) -> None:
        """Have files to send, a letter each."""
        for letter in letters:
            name = f"{'NO' if letter == 'n' else 'OK'}.{next(_serials)}."
            self.files[name] = letter
            octets = content(name) + bytes(MOST if letter == "g" else 0)
            size = 10 * MOST if letter == "s" else len(content(name))
            start = offer(name, size, incoming=self.way == "incoming")
            if letter in "do":
                start = replace(start, **{"destination" if letter == "d" else "originator": ELSEWHERE})
            file = OutgoingFile(replace(start, restart=int(self.restart)), io.BytesIO(octets))
            self.user.station.send_file(file)

    def names(self, *, declined: bool) -> list[str]:
        """Return the names of the files that are to be declined, or of the others."""
        return [name for name, letter in self.files.items() if (letter in RULE) is declined]


def content(name: str) -> bytes:
    return BEGINNING + name.encode() * 300


def keys(own: str, peer: str) -> KeyPairAuthenticator:
    chain = tuple(certificate_of(name) for name in (own, ISSUER, ROOT))
    return KeyPairAuthenticator(OwnKey(key_of(own), chain), PeerKey(certificate_of(peer)))


class Watched:
    """A site from now on: what is logged of its next session and told of it in the journal."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._logged = {side: len(site.log(side)) for side in ("server", "client")}

    def log(self, side: str) -> str:
        """Return what a program has logged since."""
        return self.site.log(side)[self._logged[side] :]

    @cached_property
    def session(self) -> str:
        """The id of the session."""
        started = re.compile(r"SES-START \[(\w+)\]")
        eventually(lambda: started.search(self.log("client")), why="the start of the session in the client's log")
        found = started.search(self.log("client"))
        assert found
        return found[1]

    def journal(self) -> list[tuple[str, str, str]]:
        """Wait until the session has ended on both hosts; return code, hop and text of all that was told of it."""
        query = "SELECT code, hop, text FROM journal_entry WHERE session = ? ORDER BY id"
        rows: list[tuple[str, str, str]] = []

        def ended() -> bool:
            rows[:] = self.site._rows(query, self.session)
            return [code for code, _, _ in rows].count("SES-END") == 2

        eventually(ended, why=f"the end of session {self.session} on both hosts in the journal")
        return rows

    def told(self, code: str) -> list[str]:
        """Return the texts of one code in the journal."""
        return [text for kind, _, text in self.journal() if kind == code]

    def trace(self) -> Path:
        """Return what the client has written of the session."""
        self.journal()
        return self.site.layout.client / "traces" / f"{self.session}-inside.oftp"


@pytest.fixture(scope="module")
def picky(without_station: Site) -> Site:
    """A site where few files are allowed; its stations are the tests'."""
    site, layout = without_station, without_station.layout
    site.stop("partner")
    make("exact").write(layout.certificate("exact"), layout.key("exact"))
    ends = {"incoming": (PARTNER_CODE, OUR_CODE), "outgoing": (OUR_CODE, PARTNER_CODE)}
    rules = [
        (f"{way}_{key}", str(value))
        for way, (own, peer) in ends.items()
        for key, value in {"names": "OK*", "max_octets": MOST, "destinations": peer, "originators": own}.items()
    ]
    site.seonapi(
        ["partner", "add", "exact", "--certificate", str(layout.certificate("exact"))],
        *(["partner", "set", name, *rule] for name in (PARTNER, "exact") for rule in rules),
        ["partner", "set", PARTNER, "trace", "yes"],
        ["partner", "set", "exact", "rules.POL-DEST", "refuse"],
    )
    site.in_force()
    return site


@pytest.fixture
def watched(picky: Site) -> Watched:
    return Watched(picky)


def session(site: Site, case: Case, levels: tuple[int, int], way: str) -> tuple[Sender, Sender]:
    """Have a session of a case; return the station that called and the one that was called."""
    caller = Sender(case, levels[0], way, initiator=True)
    called = Sender(case, levels[1], WAYS[way == WAYS[0]], initiator=False)
    caller.queue(case.calls)
    called.queue(case.called)
    later = iter([case.later])
    caller.user.on_turn = lambda: caller.queue(next(later, ""))
    meet(site, caller, called, incoming=way == "incoming")
    return caller, called


# --- a session goes on ------------------------------------------------------------------------------------------------


def check_stations(case: Case, level: int, *stations: Sender) -> None:
    """Each got an SFNA for its declined files and sent the others; the other one has heard of the others only."""
    for own, other in (stations, stations[::-1]):
        user, passed, declined = own.user, own.names(declined=False), own.names(declined=True)
        assert (user.end.reason, user.end.orderly) == (EndReason.NORMAL, True), user.end
        assert own.heard_commands(b"3") == [encode(sfna(own.files[name], level), level) for name in declined]
        assert [notice.start.name for notice in user.told if isinstance(notice, n.FileSent)] == passed
        assert {notice.restart for notice in user.told if isinstance(notice, n.FileStarted)} <= {int(case.restart)}
        receipts = [notice.receipt.name for notice in user.told if isinstance(notice, n.ReceiptReceived)]
        assert receipts == (passed if case.receipts else [])
        answers = b"".join(buffer[:1] for buffer in own.heard_commands(b""))
        assert not (case.asks and case.receipts) or answers.index(b"E") < answers.rindex(b"2"), (
            "a receipt comes between"
        )
        assert other.user.received == [content(name) for name in passed]
        assert len(other.heard_commands(b"H")) == len(passed)
        assert not [name for name in declined if name.encode() in other.heard]


def sfna(letter: str, level: int) -> c.StartFileRefused:
    rule = RULES[RULE[letter]]
    assert rule.answer
    return c.StartFileRefused(rule.answer, retry=False, text=rule.meaning if level == 5 else "")


QUIET = {"SES-START", "SES-AGREED", "SES-TRACE", "SES-TRACED", "SES-END", "FIL-START", "FIL-END", "FIL-RECEIPT"}


def check_company(watched: Watched, case: Case, *stations: Sender) -> None:
    """The journal has each file with what became of it, and nothing that was wrong; the trace is one of peace."""
    rows = watched.journal()
    assert {code for code, _, _ in rows} <= QUIET
    for station in stations:
        for name, letter in station.files.items():
            start, end = [text for code, _, text in rows if code in ("FIL-START", "FIL-END") and f" {name} " in text]
            result = f"declined by rule {RULE[letter]}; 0 octets, " if letter in RULE else "accepted; "
            assert f"offered, {station.way}, " in start
            assert f", {station.way}: {result}" in end
    (end,) = [text for code, hop, text in rows if (code, hop) == ("SES-END", "inside")]
    left = f"nothing was left after {case.left} declined file{'s' if case.left > 1 else ''}"
    assert (f"ended by client verifier: {left}; " in end) is bool(case.left)
    assert not re.search("SES-(REFUSED|FINDING)", watched.log("server"))
    replayed = replay(parse(watched.trace().read_text()), SessionObserver(Policy("strict")))
    assert (replayed.refusal, replayed.findings) == (None, [])


@pytest.mark.parametrize("level", [1, 2, 4, 5])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CASES)
def test_a_declined_file_disturbs_neither_station(watched: Watched, name: str, way: str, level: int) -> None:
    stations = session(watched.site, CASES[name], (level, level), way)
    check_stations(CASES[name], level, *stations)
    check_company(watched, CASES[name], *stations)


@pytest.mark.parametrize(("levels", "way"), [((5, 2), "incoming"), ((4, 5), "outgoing")])
def test_the_sender_is_answered_by_the_level_that_was_agreed(
    watched: Watched, levels: tuple[int, int], way: str
) -> None:
    case = CASES["several in turn"]
    check_stations(case, min(levels), *session(watched.site, case, levels, way))
    watched.journal()


@pytest.mark.parametrize("way", WAYS)
def test_a_declined_file_disturbs_no_session_with_secure_authentication(watched: Watched, way: str) -> None:
    stations = session(watched.site, SECURE, (5, 5), way)
    check_stations(SECURE, 5, *stations)
    check_company(watched, SECURE, *stations)
    assert watched.told("SES-AGREED")[0].endswith(", authentication")


@pytest.mark.parametrize("way", WAYS)
def test_a_hundred_are_declined_in_a_row_and_more_once_something_has_passed(watched: Watched, way: str) -> None:
    case = Case("n" * MAX_DECLINES + "+" + "s" * MAX_DECLINES, "")
    stations = session(watched.site, case, (5, 5), way)
    check_stations(case, 5, *stations)
    check_company(watched, case, *stations)


def test_the_checker_passes_the_traces(picky: Site) -> None:
    traces = []
    for name, way in (("receipts between", "incoming"), ("all, the last ones in a turn given unasked", "outgoing")):
        watched = Watched(picky)
        session(picky, CASES[name], (5, 5), way)
        traces.append(watched.trace())
    done = run(["seon", "oftp2", "check", "--profile", "strict", "--json", *map(str, traces)])
    assert done.returncode == 0, done.stdout
    assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["accept"] * 2
    assert "# the proxy's own, to " in traces[0].read_text()
    assert "nothing was left after 3 declined files" in traces[1].read_text()


def write_files(directory: Path, *names: str) -> list[Path]:
    directory.mkdir()
    paths = [directory / name for name in names]
    for path in paths:
        path.write_bytes(content(path.name))
    return paths


def test_stations_that_are_programs_go_on_too(watched: Watched, tmp_path: Path) -> None:
    """The partner and the receive daemon as programs of their own, each with a file that is declined among others."""
    site, layout, back = watched.site, watched.site.layout, tmp_path / "back"
    there = write_files(tmp_path / "files", "OK.1.IN", "NO.2.IN", "OK.3.IN")
    outbox = write_files(tmp_path / "outbox", "OK.1.OUT", "NO.2.OUT", "OK.3.OUT")
    daemon = site.launch(
        "daemon", ["seon", "station", "serve", "--listen", f"127.0.0.1:{site.ports.receive}", "--code", OUR_CODE,
                   "--password", PASSWORD, "--inbox", str(layout.receive_daemon / "inbox"), "--no-sync", "--json",
                   "--outbox", str(tmp_path / "outbox")],
    )  # fmt: skip
    daemon.wait_for(r"ready \S+")
    sent = site.send_in(there, "--inbox", str(back), "--no-sync")
    daemon.wait_for(r'"session-ended".*"orderly": true')
    site.stop("daemon")

    assert (sent.status, [file["sent"] for file in sent.summary["files"]]) == (1, [True, False, True]), sent.output
    assert sent.receipts == ["EERP", "", "EERP"]
    arrived = [site.arrived(incoming=True, sent=file).exists() for file in sent.summary["files"]]
    assert arrived == [True, False, True]
    assert sorted(path.read_bytes() for path in back.glob("*.OUT*")) == [content(outbox[at].name) for at in (0, 2)]
    (served,) = [path.read_text() for path in layout.output.glob("daemon.*")]
    rejected = '"name": "{}", "reason": 1, "retry": false, "text": "file name not allowed"'
    for said, own, other in ((sent.output, "NO.2.IN", "NO.2.OUT"), (served, "NO.2.OUT", "NO.2.IN")):
        assert rejected.format(own) in said
        assert other not in said
    assert len([text for text in watched.told("FIL-END") if "declined by rule POL-NAME" in text]) == 2


# --- a session ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("calls", [True, False], ids=["of who calls", "of who is called"])
def test_more_than_a_hundred_declined_in_a_row_end_the_session(watched: Watched, calls: bool, way: str) -> None:
    case = Case("n" * TOO_MANY, "") if calls else Case("", "n" * TOO_MANY)
    stations = session(watched.site, case, (5, 5), way)
    offers, other = stations if calls else stations[::-1]
    assert (offers.user.end.reason, offers.user.end.text) == (EndReason.UNSPECIFIED, "rule POL-DECLINES")
    assert (other.user.end.reason, other.user.end.text) == (EndReason.UNSPECIFIED, "")
    assert len(offers.heard_commands(b"3")) == MAX_DECLINES
    assert not other.heard_commands(b"H")
    ((hop, text),) = [(hop, text) for code, hop, text in watched.journal() if code == "SES-REFUSED"]
    assert hop == "inside"
    assert "rule POL-DECLINES, " in text
    assert len(watched.told("FIL-START")) == len(watched.told("FIL-END")) == MAX_DECLINES


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_grows_bigger_than_allowed_ends_the_session(watched: Watched, way: str) -> None:
    stations = session(watched.site, Case("g", ""), (5, 5), way)
    ends = [(station.user.end.reason, station.user.end.text) for station in stations]
    assert ends == [(EndReason.UNSPECIFIED, "rule POL-SIZE, DATABUF"), (EndReason.UNSPECIFIED, "")]
    (refused,) = watched.told("SES-REFUSED")
    assert "key POL-SIZE/grown," in refused
    (ended,) = watched.told("FIL-END")
    assert f", {way}: broken off by the end of the session;" in ended


def test_a_rule_that_a_partner_is_refused_for_wins_over_one_that_declines(watched: Watched) -> None:
    with opened(watched.site, "exact") as (partner, daemon):
        partner.send(offer("NO.1"))
        assert partner.receive() == sfna("n", 5)
        partner.send(replace(offer("NO.2"), destination=ELSEWHERE))
        assert partner.rest() == [encode(c.EndSession(EndReason.UNSPECIFIED, "rule POL-DEST, SFIDDEST"), 5)]
        assert daemon.rest() == [encode(c.EndSession(EndReason.UNSPECIFIED), 5)]
    assert [re.findall("rule ([A-Z-]+)", text) for text in watched.told("SES-REFUSED")] == [["POL-DEST"]]
    assert len(watched.told("FIL-START")) == len(watched.told("FIL-END")) == 1


def test_an_end_of_the_session_that_crosses_the_file_wins(watched: Watched) -> None:
    esid = c.EndSession(EndReason.EMERGENCY_CLOSE, "closing down")
    watched.site.gone("seon_proxyclient2: session")
    with opened(watched.site) as (partner, daemon):
        inside = watched.site.the_session("client")
        processes.kill(inside.pid, signal.SIGSTOP)
        daemon.send(esid)
        partner.send(offer("NO"))
        processes.kill(inside.pid, signal.SIGCONT)
        assert last_word(daemon, partner) == encode(esid, 5)
    assert watched.told("FIL-START") == watched.told("SES-REFUSED") == []
