"""The order of a session, what was agreed in it and what it demands, told as sessions (plays.py)."""

import pytest

from seon.oftp2.codec import encode
from seon.oftp2.demands import Demands, FileDemands
from seon.oftp2.framing import frame
from seon.oftp2.happenings import (
    FileBrokenOff,
    FileEnded,
    FileOffered,
    FileRefused,
    FileStarted,
    ReceiptPassed,
    SessionAgreed,
    SessionEnded,
)
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import Policy, Severity
from unit.oftp2.plays import COMMAND_OCTETS, COMMANDS, ONE, SSID, START, TWO, Play


@pytest.mark.parametrize(
    "script",
    [
        "I:CD R:ESID",
        "I:SFID R:SFNA I:CD R:ESID",
        "I:SFID R:SFPA I:DATA I:LAST R:CDT I:EFID R:EFNA I:CD R:ESID",
        "I:SFID R:SFPA I:EFID R:EFPA I:EERP R:RTR I:NERP R:RTR I:CD R:EERP I:RTR R:CD I:ESID",
        "I:SFID R:SFPA I:EFID R:EFPA(change_direction=Y) I:CD R:CD I:ESID",
        "I:SFID R:ESID(reason=8)",
        "R:ESID(reason=9)",
        "I:SFID R:SFPA I:DATA R:ESID(reason=5) I:DATA I:DATA",
    ],
)
def test_a_session_by_the_book_passes_the_strict_profile_without_a_finding(script: str) -> None:
    play = Play().run(f"{START} {script}")
    assert (play.rules, play.refused) == ([], "")


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        ("I:EERP R:RTR I:ESID", "SEQ-ESID0"),
        ("I:CD R:EERP I:RTR R:ESID", "SEQ-ESID0"),
        ("I:SFID R:SFPA I:EFID R:EFPA(change_direction=Y) I:CD R:ESID", "SEQ-ESID0"),
        ("I:SFID R:SFNA R:SFID", "SEQ-TURN"),
        ("I:SFID R:SFPA I:SFID", "SEQ-CMD"),
        ("I:SFID R:SFPA I:DATA*3", "SEQ-CRED"),
        ("I:SFID R:SFPA I:DATA I:CD", "SEQ-CMD"),
        ("I:EERP I:EERP", "SEQ-TURN"),
        ("I:EERP R:ESID", "SEQ-ESID0"),
        ("I:SSID", "SEQ-CMD"),
        ("R:SSRM", "SEQ-TURN"),
        ("I:SECD", "SEQ-CMD"),
        ("I:SFID(restart=3) R:SFPA(restart=4)", "SEM-ACNT"),
        ("I:SFID R:SFPA I:DATA I:EFID(octets=4)", "SEM-UCNT"),
        ("I:SFID R:SFPA I:EFID(records=1)", "SEM-RCNT"),
        ("I:SFID(restart=3) R:SFPA(restart=3) I:EFID(octets=0)", "SEM-UCNT"),
        ("I:CD R:CD", "SEQ-CDLOOP"),
        ("R:ESID(reason=9) R:CD", "SEQ-END"),
    ],
)
def test_a_violation_is_named_and_ends_the_session(script: str, rule: str) -> None:
    play = Play().run(f"{START} {script}")
    assert play.refused == rule


def test_secure_authentication_comes_before_all_else_and_only_when_agreed() -> None:
    chain = "I:SECD R:AUCH I:AURP R:SECD I:AUCH R:AURP"
    play = Play().run(f"{START} {chain} I:CD R:ESID", authentication=True)
    assert (play.rules, play.refused) == ([], "")
    assert Play().run(f"{START} I:SECD R:AUCH R:AURP", authentication=True).refused == "SEQ-TURN"
    assert Play().run(f"{START} {chain} I:SECD", authentication=True).refused == "SEQ-CMD"


@pytest.mark.parametrize(
    ("demands", "script", "refused"),
    [
        (Demands(level_5=True), "I:CD R:ESID", ""),
        (Demands(authentication=True), "", "POL-AUTH"),
        (Demands(files={ONE: FileDemands(max_octets=1024)}), "I:SFID(size_k=1) R:SFPA I:DATA I:LAST", ""),
        (Demands(files={ONE: FileDemands(max_octets=9)}), "I:SFID R:SFPA I:DATA I:LAST", "POL-SIZE"),
        (Demands(files={ONE: FileDemands(max_octets=9)}), "I:SFID(format=F,record_length=5) R:SFPA I:LAST I:LAST",
         "POL-SIZE"),
        (Demands(files={ONE: FileDemands(max_octets=1028)}), "I:SFID(restart=1) R:SFPA(restart=1) I:DATA", "POL-SIZE"),
        (Demands(files={ONE: FileDemands(max_octets=1029)}), "I:SFID(restart=1) R:SFPA(restart=1) I:DATA", ""),
        (Demands(files={TWO: FileDemands(max_octets=9)}), "I:SFID R:SFPA I:DATA I:LAST", ""),
        (Demands(files={ONE: FileDemands(names=("X*", "NA?E"))}), "I:SFID R:SFPA", ""),
        (Demands(files={ONE: FileDemands(destinations=("DEST",), originators=("A", "ORIG"))}), "I:SFID R:SFPA", ""),
    ],
)  # fmt: skip
def test_what_a_company_demands_beyond_the_protocol_is_kept(demands: Demands, script: str, refused: str) -> None:
    assert Play(demands=demands).run(f"{START} {script}").refused == refused


def test_no_session_goes_back_to_oftp_1_where_level_5_is_demanded() -> None:
    refusal = Play(demands=Demands(level_5=True)).run("R:SSRM I:SSID(level=4)").seen[-1].refusal
    assert refusal
    assert (refusal.rule, refusal.reason, refusal.offset, refusal.field) == (
        "POL-LEVEL", EndReason.INCOMPATIBLE, 1, "SSIDLEV",
    )  # fmt: skip
    answered = Play(demands=Demands(level_5=True)).run("R:SSRM I:SSID R:SSID(level=2)")
    assert answered.refused == "POL-LEVEL"


def test_a_demand_can_be_softened_to_a_warning_which_is_given_once_a_file() -> None:
    watched = Policy("strict", {"POL-SIZE": Severity.WARN})
    play = Play(watched, demands=Demands(files={ONE: FileDemands(max_octets=9)}))
    play.run(f"{START} I:SFID R:SFPA I:DATA*2 R:CDT I:DATA I:LAST R:CDT I:EFID R:EFPA")
    assert (play.rules, play.refused) == (["POL-SIZE"], "")
    assert [one.field for seen in play.seen for one in seen.findings] == ["DATABUF"]


@pytest.mark.parametrize(
    ("script", "octets"),
    [("", None), ("I:SFID", 0), ("I:SFID R:SFNA", None), ("I:SFID R:SFPA I:DATA", 5),
     ("I:SFID R:SFPA I:DATA R:ESID(reason=8)", 5), ("I:SFID R:SFPA I:LAST I:EFID", 5),
     ("I:SFID R:SFPA I:LAST I:EFID R:EFPA", None)],
)  # fmt: skip
def test_a_file_that_the_end_breaks_off_is_known(script: str, octets: int | None) -> None:
    left = Play().run(f"{START} {script}").observer.broken_off()
    assert (left.octets if left else None) == octets


def test_a_file_that_the_end_breaks_off_is_known_with_its_identity_and_counts() -> None:
    play = Play().run(f"{START} I:SFID(format=V,record_length=5) R:SFPA I:LAST I:DATA")
    assert play.observer.broken_off() == FileBrokenOff("NAME", "20260131", "2359580001", 10, 1)
    stream = Play().run(f"{START} I:SFID R:SFPA I:LAST")
    assert stream.observer.broken_off() == FileBrokenOff("NAME", "20260131", "2359580001", 5, 0)
    offered = Play().run(f"{START} I:SFID")
    assert offered.observer.broken_off() == FileBrokenOff("NAME", "20260131", "2359580001", 0, 0)


def test_events_tell_the_session() -> None:
    file = "I:SFID(restart=2) R:SFPA(restart=1) I:LAST I:EFID(octets=1029) R:EFPA"
    play = Play().run(f"{START} {file} I:SFID R:SFNA I:CD R:NERP I:RTR R:CD I:ESID")
    assert play.rules == []
    kinds = [SessionAgreed, FileOffered, FileStarted, FileEnded, FileOffered, FileRefused, ReceiptPassed, SessionEnded]
    assert [type(event) for event in play.happenings] == kinds
    assert play.happenings[0] == SessionAgreed("O0013", "O0013", 5, 128, 2, False, True, False)
    assert play.happenings[3] == FileEnded("NAME", "20260131", "2359580001", octets=5, records=0, accepted=True)
    assert play.happenings[6] == ReceiptPassed(
        kind="NERP", sender=TWO, name="NAME", date="20260131", time="2359580001", destination="DEST",
        originator="ORIG", signed=False, reason=34, creator="CREA",
    )  # fmt: skip
    assert play.happenings[7] == SessionEnded(ONE, 0, "")
    assert play.observer.ended


def test_the_buffer_size_agreed_is_the_smaller_one() -> None:
    play = Play().run("R:SSRM I:SSID(buffer_size=4096) R:SSID(buffer_size=200) I:SFID R:SFPA")
    assert play.send(ONE, frame(b"D" + b"\x00" * 199)).refusal is None
    seen = play.send(ONE, frame(b"D" + b"\x00" * 200))
    assert (seen.forward, seen.refusal and seen.refusal.rule) == (0, "DAT-SIZE")


def test_a_late_credit_is_dropped_and_only_one() -> None:
    file = f"{START} I:SFID R:SFPA I:DATA*2 I:EFID"
    play = Play(Policy()).run(f"{file} R:CDT")
    assert (play.seen[-1].forward, play.seen[-1].drop) == (0, 7)
    assert play.run("R:EFPA I:CD R:ESID").refused == ""
    assert Play(Policy()).run(f"{file} R:CDT R:CDT").refused == "SEQ-CMD"
    assert Play().run(file).refused == "SEQ-EFID"


def test_files_go_only_where_both_sides_said() -> None:
    script = "R:SSRM I:SSID(direction=R) R:SSID(direction=S)"
    assert Play().run(f"{script} I:SFID").refused == "SEQ-MODE"
    assert Play().run(f"{script} I:CD R:SFID I:SFPA").refused == ""


@pytest.mark.parametrize("level", [1, 2, 4, 5])
@pytest.mark.parametrize(
    ("script", "rule"),
    [
        ("", "SEQ-FIRST"),
        ("R:SSRM", "SEQ-CMD"),
    ],
)
@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"SSRM", "SSID", "ESID"}))
def test_before_any_ssid_a_command_is_out_of_place_whatever_its_layout(
    name: str, script: str, rule: str, level: int
) -> None:
    if (name in ("SECD", "AUCH", "AURP") and level < 5) or (name == "NERP" and level < 4):
        return
    for policy in (Policy(), Policy.named("strict")):
        play = Play(policy).run(script)
        play.level = level
        play.run(f"I:{name}")
        assert (play.refused, play.rules) == (rule, [])
        shorter = Play(policy).run(script).send(ONE, frame(COMMAND_OCTETS[name] + b"?" * 3))
        assert shorter.refusal
        assert (shorter.refusal.rule, shorter.refusal.reason) == (rule, 2)


@pytest.mark.parametrize(
    ("octets", "rule"), [(b"Q", "CMD-ID"), (b"I", "SEQ-CMD"), (b"XX", "CMD-LEN"), (b"F", "CMD-LEN"), (b"H", "SEQ-CMD")]
)
def test_before_any_ssid_the_place_comes_before_the_form(octets: bytes, rule: str) -> None:
    refusal = Play().run("R:SSRM").send(ONE, frame(octets)).refusal
    assert refusal
    assert refusal.rule == rule


@pytest.mark.parametrize(("level", "reason", "rules"), [(4, 11, ["FLD-ENUM"]), (4, 12, []), (5, 11, []), (5, 12, [])])
def test_the_offered_level_limits_the_reasons_of_its_refusal_except_that_authentication_is_missing(
    level: int, reason: int, rules: list[str]
) -> None:
    play = Play(Policy()).run(f"R:SSRM I:SSID R:ESID(reason={reason})", level=level)
    assert (play.rules, play.refused) == (rules, "")


@pytest.mark.parametrize("reason", EndReason)
def test_only_three_reasons_are_known_to_end_a_session_instead_of_ssrm(reason: EndReason) -> None:
    play = Play(Policy.named("default")).run(f"R:ESID(reason={reason:d})")
    tolerated = reason in {5, 8, 99}
    assert (play.rules, play.refused) == ((["SEQ-CMD"], "") if tolerated else ([], "SEQ-CMD"))


def test_a_refusal_of_a_file_s_end_ends_the_file_and_leaves_the_turn() -> None:
    play = Play().run(f"{START} I:CD R:SFID I:SFPA R:LAST R:EFID I:EFNA(reason=11)")
    assert play.happenings[-1] == FileEnded(
        "NAME", "20260131", "2359580001", octets=5, records=0, accepted=False, reason=11
    )
    assert play.observer.broken_off() is None
    assert Play().run(f"{START} I:SFID R:SFPA I:EFID R:EFNA I:CD R:CD").refused == "SEQ-CDLOOP"
    assert Play().run(f"{START} I:SFID R:SFPA I:EFID R:EFNA I:ESID").refused == "SEQ-ESID0"


@pytest.mark.parametrize("level", [b"6", b"9"])
def test_only_an_initiator_may_come_from_the_future(level: bytes) -> None:
    """It is negotiated down; a Responder has seen the offer."""
    ssid = frame(b"X" + level + encode(SSID, 5)[2:])
    play = Play(Policy.named("default")).run("R:SSRM")
    assert play.send(ONE, ssid).forward == len(ssid)
    assert play.rules == ["FLD-ENUM"]
    play = Play(Policy.named("default")).run("R:SSRM I:SSID")
    refusal = play.send(TWO, ssid).refusal
    assert refusal
    assert (refusal.rule, refusal.offset, refusal.field) == ("FLD-ENUM", 1, "SSIDLEV")
    assert refusal.seen == f'"{level.decode()}"'
    assert refusal.text == "SSIDLEV: level of the future in an answer"


def test_a_file_s_records_are_told_at_its_end() -> None:
    play = Play().run(f"{START} I:SFID(format=V,record_length=5) R:SFPA I:LAST I:EFID(records=1) R:EFPA")
    (*_, ended) = play.happenings
    assert ended == FileEnded("NAME", "20260131", "2359580001", octets=5, records=1, accepted=True)
    stream = Play(Policy.named("default")).run(f"{START} I:SFID(format=T) R:SFPA I:LAST*2 R:CDT I:EFID R:EFPA")
    assert [one.records for one in stream.happenings if isinstance(one, FileEnded)] == [0]
