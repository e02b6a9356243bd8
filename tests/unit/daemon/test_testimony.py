"""What a session process says is a claim: what it may say, how often and when, and whose word counts."""

import pytest

from seon.config import Limits
from seon.daemon import testimony
from seon.daemon.testimony import CODES, ONCE
from seon.endings import SessionEnd
from seon.events import CATALOGUE
from seon.process import line
from seon.process.levels import CATEGORIES, Level
from seon.session.assignment import Assignment


def hearing(hop: str = "inside", *, started: bool = True) -> testimony.Testimony:
    made = testimony.Testimony(
        Assignment(session="session-1", partner="P1", direction="incoming", hop=hop, source="here", target="there",
                   limits=Limits())
    )  # fmt: skip
    if started:
        say(made, "SES-START")
        made.running = True
    return made


def say(one: testimony.Testimony, code: str, **fields):
    if code == "SES-END" and one.end is None:
        one.ending(end("idle", "idle", number=300))
    return one.event(line.Reported(1, code, fields))


def end(by: str, why: str, *rest, **fields) -> line.Ending:
    return line.Ending(SessionEnd(by, why, *rest, **fields))


# --- which events ---------------------------------------------------------------------------------------------------

EARLY = ("SES-FAILED", "ADM-DIAL", "ADM-WARNING")


@pytest.mark.parametrize("hop", ["dmz", "inside"])
@pytest.mark.parametrize("code", CATALOGUE)
def test_nothing_but_what_sessions_of_this_host_report_is_taken(hop, code) -> None:
    """Codes of each group: of mains, of the license, of changes by people, of admission, of the other host."""
    one = hearing(hop, started=code not in ("SES-START", *EARLY))
    if code in CODES[hop]:
        assert say(one, code).code == code
    else:
        with pytest.raises(line.NonsenseError, match="no session reports"):
            say(one, code)
        assert not one.has(code)


def test_no_other_group_has_a_code_that_a_session_may_report() -> None:
    groups = {CATALOGUE[code].group for codes in CODES.values() for code in codes}
    assert groups == {"session", "file", "refused"}
    assert {code for code in CODES["dmz"] | CODES["inside"] if CATALOGUE[code].group == "refused"} == {
        "SES-REFUSED", "ADM-DIAL",
    }  # fmt: skip
    assert not {"SES-KILLED"} & (CODES["dmz"] | CODES["inside"]), "that is the main's to say"


@pytest.mark.parametrize("code", ["FIL-START", "FIL-END", "FIL-RECEIPT", "SES-AGREED", "SES-NOCONTENT"])
def test_files_and_what_was_agreed_are_the_insides_to_report(code) -> None:
    assert say(hearing("inside"), code)
    with pytest.raises(line.NonsenseError):
        say(hearing("dmz"), code)


@pytest.mark.parametrize("code", ["NEW-CODE", "", "ses-start", "SES-START\n"])
def test_a_code_that_nobody_knows_is_no_sessions(code) -> None:
    with pytest.raises(line.NonsenseError):
        say(hearing(), code)


# --- how often and when ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(ONCE))
def test_what_happens_once_is_reported_once(code) -> None:
    one = hearing("dmz" if code.startswith("ADM-") else "inside", started=code not in ("SES-START", *EARLY))
    say(one, code)
    with pytest.raises(line.NonsenseError, match=f"{code} twice"):
        say(one, code)


@pytest.mark.parametrize("code", ["SES-FINDING", "SES-MORE", "FIL-START", "FIL-END", "FIL-RECEIPT", "SES-TRACE"])
def test_what_happens_often_is_reported_often(code) -> None:
    one = hearing()
    assert len({say(one, code).id for _ in range(3)}) == 3


@pytest.mark.parametrize("code", EARLY)
def test_it_failed_only_before_it_started(code) -> None:
    one = hearing("dmz")
    with pytest.raises(line.NonsenseError, match="failed to start, and was running"):
        say(one, code)


def test_who_says_that_it_runs_has_not_failed_either() -> None:
    one = hearing(started=False)
    one.running = True
    with pytest.raises(line.NonsenseError, match="was running"):
        say(one, "SES-FAILED")


@pytest.mark.parametrize("code", ["SES-END", "SES-REFUSED", "FIL-END", "SES-TRACE"])
def test_before_its_start_nothing_has_happened_in_it(code) -> None:
    with pytest.raises(line.NonsenseError, match="before its start"):
        say(hearing(started=False), code)


@pytest.mark.parametrize("code", ["SES-FINDING", "FIL-END", "SES-TRACED"])
def test_after_its_end_nothing_happens_in_it(code) -> None:
    one = hearing()
    say(one, "SES-END")
    with pytest.raises(line.NonsenseError, match="after its end"):
        say(one, code)


def test_it_ends_only_by_what_it_has_said_when_that_was_decided() -> None:
    with pytest.raises(line.NonsenseError, match="without saying what ends it"):
        hearing().event(line.Reported(1, "SES-END", {}))


def test_what_ended_it_is_said_in_our_words_whatever_it_says_of_it() -> None:
    one = hearing()
    one.ending(end("idle", "idle", number=300))
    event = say(one, "SES-END", ended_by="partner", reason="all was well", files=3)
    assert (event.fields["ended_by"], event.fields["files"]) == ("idle", 3)
    assert event.fields["reason"] == one.end.reason


@pytest.mark.parametrize(("hop", "by"), [("dmz", "station"), ("inside", "idle")])
def test_of_two_words_the_insides_counts(hop, by) -> None:
    one = hearing(hop)
    one.ending(end("idle", "idle", number=300))
    told = SessionEnd("station", "closed", "inside") if hop == "dmz" else SessionEnd("partner", "closed", "dmz")
    assert one.event(line.Reported(1, "SES-END", {}), told).fields["ended_by"] == by


def test_who_has_failed_does_not_start() -> None:
    one = hearing(started=False)
    say(one, "SES-FAILED", reason="why")
    with pytest.raises(line.NonsenseError, match="after its end"):
        say(one, "SES-START")


def test_a_dial_that_was_refused_comes_before_the_failure() -> None:
    one = hearing("dmz", started=False)
    assert [say(one, code).code for code in ("ADM-DIAL", "SES-FAILED")] == ["ADM-DIAL", "SES-FAILED"]


# --- whose and what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hop", ["dmz", "inside"])
def test_session_hop_partner_and_way_are_the_assignments_whatever_is_claimed(hop) -> None:
    event = say(
        hearing(hop, started=False), "SES-START", partner="P2", direction="outgoing", source="x", target="y", tls="z"
    )
    assert (event.session, event.hop) == ("session-1", hop)
    assert event.fields == {
        "partner": "P1", "direction": "incoming", "source": "here", "target": "there", "tls": "z",
    }  # fmt: skip


def test_what_it_leaves_out_of_these_is_there_all_the_same() -> None:
    assert say(hearing(), "SES-END").fields["partner"] == "P1"
    assert say(hearing("dmz", started=False), "ADM-DIAL").fields == {
        "partner": "P1", "host": "there", "source": "", "target": "",
    }  # fmt: skip


@pytest.mark.parametrize("code", ["FIL-START", "FIL-END", "FIL-RECEIPT"])
@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
def test_a_file_has_a_direction_of_its_own(code, direction) -> None:
    """Files go both ways in a session, whoever began it."""
    assert say(hearing(), code, direction=direction).fields["direction"] == direction


def test_fields_that_the_catalogue_does_not_know_are_dropped() -> None:
    fields = say(hearing(), "SES-END", reason="why", session="another", hop="inside", id="x", surprise="!").fields
    assert set(fields) == {"partner", "ended_by", "reason"}


def test_ids_and_time_are_the_mains() -> None:
    one = hearing()
    first, second = say(one, "SES-FINDING", time=1), say(one, "SES-FINDING", time=1)
    assert first.id != second.id
    assert "session-1" not in first.id, "the other host may know that one"
    assert second.time > 1_000_000


# --- what ends it ---------------------------------------------------------------------------------------------------


def test_the_first_word_on_the_end_counts_and_names_this_host() -> None:
    one = hearing("dmz")
    first = one.ending(end("verifier", "rule", "inside", "CMD-ID"))
    assert first == one.end == SessionEnd("verifier", "rule", "dmz", "CMD-ID"), "it speaks for itself only"
    assert one.ending(end("idle", "idle", number=300)) is None
    assert one.end == first


@pytest.mark.parametrize(
    ("hop", "claim"),
    [
        ("dmz", end("station", "closed")),
        ("dmz", end("station", "esid", "inside")),
        ("inside", end("partner", "closed", "dmz")),
        ("dmz", end("administrator", "idle")),
        ("dmz", end("verifier", "rule")),
        ("dmz", end("verifier", "rule", rule="NO-RULE")),
        ("dmz", end("idle", "idle", rule="CMD-ID")),
    ],
)
def test_an_ending_that_it_cannot_know_is_nonsense(hop, claim) -> None:
    one = hearing(hop)
    with pytest.raises(line.NonsenseError, match="cannot know"):
        one.ending(claim)
    assert one.end is None


def test_a_second_word_that_it_cannot_know_is_nonsense_too() -> None:
    one = hearing("dmz")
    one.ending(end("idle", "idle", number=300))
    with pytest.raises(line.NonsenseError):
        one.ending(end("station", "closed"))


# --- who called whom --------------------------------------------------------------------------------------------------


def refused(given: Assignment, code: str = "SES-REFUSED", **claimed):
    made = testimony.Testimony(given)
    if code != "ADM-DIAL":
        say(made, "SES-START")
        made.running = True
    fields = say(made, code, **claimed).fields
    return fields["source"], fields["target"]


def given(hop: str, direction: str, **fields) -> Assignment:
    return Assignment(session="session-1", partner="P1", direction=direction, hop=hop, limits=Limits(), **fields)


FORGED = {"source": "9.9.9.9:1", "target": "9.9.9.9:2"}


def test_what_the_main_has_accepted_itself_no_process_says_otherwise() -> None:
    incoming = given("dmz", "incoming", source="192.0.2.1:5", target="client one", arrival="192.0.2.9:6619")
    assert refused(incoming, **FORGED) == ("192.0.2.1:5", "192.0.2.9:6619")
    outgoing = given("inside", "outgoing", source="10.0.0.1:5", target="partner P1", arrival="10.0.0.2:3306")
    assert refused(outgoing, **FORGED) == ("10.0.0.1:5", "10.0.0.2:3306")


def test_what_only_the_process_has_dialled_it_tells() -> None:
    ends = {"source": "203.0.113.1:40000", "target": "[2001:db8::5]:6619"}
    outgoing = given("dmz", "outgoing", source="10.0.0.1:5", target="partner.example:6619")
    assert refused(outgoing, **ends) == (ends["source"], ends["target"])
    assert refused(outgoing, "ADM-DIAL", **ends) == (ends["source"], ends["target"])
    incoming = given("inside", "incoming", source="192.0.2.1:5", target="station.example:3305")
    assert refused(incoming, source="9.9.9.9:1", target="10.0.0.7:3305") == ("192.0.2.1:5", "10.0.0.7:3305")


@pytest.mark.parametrize(
    "end",
    [
        "9.9.9.9",
        "9.9.9.9:",
        "9.9.9.9:1 refused",
        "a:1",
        "::1:5",
        "[::ffff:9.9.9.9]:1",
        "9.9.9.9:+1",
        7,
        True,
        "x" * 500,
    ],
)
@pytest.mark.parametrize("name", ["source", "target"])
def test_an_end_that_is_no_address_and_port_is_nonsense(name, end) -> None:
    outgoing = given("dmz", "outgoing", source="10.0.0.1:5", target="partner.example:6619")
    with pytest.raises(line.NonsenseError, match=f"with a {name} that is no address and port"):
        refused(outgoing, "ADM-DIAL", **{"source": "192.0.2.1:1", "target": "192.0.2.1:2", name: end})


# --- lines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["ADM-REFUSED from 9.9.9.9", "[session-1] ADM-REFUSED from 9.9.9.9"])
def test_a_line_names_its_session_first_once_whatever_it_says(text) -> None:
    said = hearing().log_line(line.LogLine("session.tls", Level.DEBUG, text))
    assert said == line.LogLine("session.tls", Level.DEBUG, "[session-1] ADM-REFUSED from 9.9.9.9")


def test_no_line_is_fatal_since_those_have_no_limit() -> None:
    assert hearing().log_line(line.LogLine("session", Level.FATAL, "x")).level == Level.ERROR


@pytest.mark.parametrize("category", [name for name in CATEGORIES if not name.startswith("session")])
def test_it_writes_about_sessions_only(category) -> None:
    with pytest.raises(line.NonsenseError, match=f"it wrote a line about {category}"):
        hearing().log_line(line.LogLine(category, Level.INFO, "x"))


def test_its_level_is_not_changed_without_end() -> None:
    one = hearing()
    for _ in range(testimony.MAX_LEVELS):
        one.chooses_level()
    with pytest.raises(line.NonsenseError, match="again and again"):
        one.chooses_level()


# --- what a dialled partner has shown -------------------------------------------------------------------------------


def dialling() -> testimony.Testimony:
    return testimony.Testimony(
        Assignment(session="session-1", partner="P1", direction="outgoing", hop="dmz", source="here", target="there",
                   limits=Limits())
    )  # fmt: skip


def test_certificates_of_a_dialled_partner_are_put_together_from_their_parts() -> None:
    one = dialling()
    for part in (line.Shown(0, b"a"), line.Shown(0, b"b"), line.Shown(1, b"c")):
        one.shows(part)
    assert one.shown == (b"ab", b"c")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([line.Shown(1, b"x")], "left out"),
        ([line.Shown(0, b"x" * 10_000)] * 7, "too long"),
    ],
)
def test_certificates_are_told_in_order_and_are_not_too_long(parts, why) -> None:
    one = dialling()
    with pytest.raises(line.NonsenseError, match=why):  # noqa: PT012  # the last one
        for part in parts:
            one.shows(part)


def test_who_dials_nobody_or_is_running_shows_no_certificate() -> None:
    running = dialling()
    say(running, "SES-START")
    running.runs()
    for one in (hearing("dmz", started=False), hearing("inside"), running):
        with pytest.raises(line.NonsenseError, match="dials nobody"):
            one.shows(line.Shown(0, b"x"))
