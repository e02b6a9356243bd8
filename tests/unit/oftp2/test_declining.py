"""A file that the company does not allow is declined by the inside's verifier, and the session goes on."""

from dataclasses import replace

import pytest

from seon.oftp2 import commands as c
from seon.oftp2.codec import decode, encode
from seon.oftp2.demands import Demands, FileDemands
from seon.oftp2.framing import frame
from seon.oftp2.happenings import FileDeclined, FileEnded, FileOffered, NothingMoved
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.reasons import AnswerReason, EndReason
from seon.oftp2.rules import Policy, Severity
from unit.oftp2.plays import COMMANDS, ONE, START, TWO, Play

ALLOWED = {side: FileDemands(names=("OK*",)) for side in Side}
DECLINED = "I:SFID"
PASSES = "I:SFID(name=OK) R:SFPA I:LAST I:EFID R:EFPA"


def inside(
    files: dict[Side, FileDemands] | None = None, policy: Policy | None = None, *, declines: bool = True
) -> Play:
    play = Play(policy)
    demands = Demands(files=ALLOWED if files is None else files)
    play.observer = SessionObserver(policy or Policy("strict"), demands=demands, declines=declines)
    return play


def replies(play: Play) -> list[c.Command]:
    return [decode(seen.reply[4:], play.level)[0] for seen in play.seen if seen.reply]


@pytest.mark.parametrize("level", [1, 2, 4, 5])
def test_the_sender_gets_an_sfna_and_the_other_side_nothing(level: int) -> None:
    play = inside().run(f"R:SSRM I:SSID R:SSID {DECLINED}", level=level)
    seen = play.seen[-1]
    assert (seen.forward, seen.refusal) == (0, None)
    assert seen.drop == len(frame(encode(replace(COMMANDS["SFID"], **old(level)), level)))
    text = "file name not allowed" if level == 5 else ""
    assert replies(play) == [c.StartFileRefused(AnswerReason.INVALID_NAME, retry=False, text=text)]
    assert [type(event) for event in seen.happenings] == [FileOffered, FileDeclined]
    assert seen.happenings[1].rule == "POL-NAME"


def old(level: int) -> dict[str, str]:
    return {"date": "260131", "time": "235958"} if level < 4 else {}


@pytest.mark.parametrize(
    ("demands", "reason"),
    [
        (FileDemands(max_octets=1_024), 6),
        (FileDemands(names=("OK",)), 1),
        (FileDemands(destinations=("OTHER",)), 2),
        (FileDemands(originators=("OTHER",)), 3),
        (FileDemands(names=("OK",), originators=("OTHER",)), 1),
    ],
)
def test_the_reason_says_what_is_not_allowed(demands: FileDemands, reason: int) -> None:
    play = inside({ONE: demands}).run(f"{START} I:SFID(size_k=3)")
    assert [one.reason for one in replies(play) if isinstance(one, c.StartFileRefused)] == [reason]


def test_the_dmz_lets_the_file_pass() -> None:
    play = inside(declines=False).run(f"{START} {DECLINED} R:SFNA I:CD R:ESID")
    assert (play.refused, play.rules, replies(play)) == ("", [], [])


def test_other_files_pass_before_between_and_behind() -> None:
    play = inside().run(f"{START} {DECLINED} {PASSES}")
    play.octets = 0
    play.run(f"{DECLINED} {DECLINED} {PASSES} {DECLINED} I:CD R:ESID")
    assert (play.refused, play.rules) == ("", [])
    assert len(replies(play)) == 4
    assert sum(isinstance(event, FileEnded) for event in play.happenings) == 2


def test_a_rule_that_refuses_the_same_file_wins() -> None:
    policy = Policy(overrides={"POL-DEST": Severity.REFUSE})
    demands = {ONE: FileDemands(names=("OK",), destinations=("OTHER",))}
    play = inside(demands, policy).run(f"{START} {DECLINED}")
    assert (play.refused, replies(play)) == ("POL-DEST", [])
    play = inside().run(f"{START} I:SFID(restart=5)", restart=False)
    assert (play.refused, replies(play)) == ("SEM-REST", [])


def test_a_rule_can_be_refused_warned_of_or_ignored_instead() -> None:
    for severity, refused, rules in (("refuse", "POL-NAME", []), ("warn", "", ["POL-NAME"]), ("ignore", "", [])):
        play = inside(policy=Policy(overrides={"POL-NAME": Severity(severity)})).run(f"{START} {DECLINED}")
        assert (play.refused, play.rules, replies(play)) == (refused, rules, [])


def test_a_file_that_grows_too_big_ends_the_session_on_both_hosts() -> None:
    for declines in (True, False):
        play = inside({ONE: FileDemands(max_octets=9)}, declines=declines)
        play.run(f"{START} I:SFID R:SFPA I:DATA I:LAST")
        refusal = play.seen[-1].refusal
        assert refusal
        assert (refusal.rule, refusal.key, refusal.reason) == ("POL-SIZE", "POL-SIZE/grown", EndReason.UNSPECIFIED)


# --- the two views ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", ["R:SFID", "R:SFID R:SFID R:SFID"])
def test_a_turn_in_which_nothing_passed_is_not_given_back_but_ends_the_session(turn: str) -> None:
    play = inside().run(f"{START} I:CD {turn} R:CD")
    seen = play.seen[-1]
    count = turn.count("SFID")
    assert (seen.forward, seen.drop, seen.refusal) == (0, 5, None)
    assert seen.closing
    assert seen.closing.text == f"nothing was left after {count} declined file{'s' if count > 1 else ''}"
    assert seen.closing.wire == frame(encode(c.EndSession(0), 5))
    assert play.send(ONE, b"\x10\0\0\x05R").drop == 5


@pytest.mark.parametrize(
    "script",
    [
        f"{DECLINED} I:CD R:ESID",  # the first Speaker has not been given the turn
        "I:CD R:SFID R:EERP I:RTR R:CD I:ESID",  # something passed
        "I:CD R:EERP I:RTR R:SFID R:CD I:ESID",
        "I:CD R:SFID R:SFID(name=OK) I:SFNA R:CD I:ESID",
        "I:SFID(name=OK) R:SFPA I:LAST I:EFID R:EFPA(change_direction=Y) I:CD R:SFID R:CD I:ESID",  # a solicited CD
    ],
)
def test_any_other_turn_is_given_back(script: str) -> None:
    play = inside().run(f"{START} {script}")
    assert (play.refused, play.rules) == ("", [])
    assert not any(seen.closing for seen in play.seen)
    assert play.observer.ended


def test_the_next_turn_counts_anew() -> None:
    play = inside().run(f"{START} I:SFID I:SFID I:CD R:SFID R:CD")
    assert play.seen[-1].closing
    assert play.seen[-1].closing.text == "nothing was left after 1 declined file"


def test_a_sender_that_ends_the_session_after_its_declined_file_breaks_the_same_rule_as_ever() -> None:
    play = inside(policy=Policy()).run(f"{START} I:CD R:SFID R:ESID")
    assert (play.refused, play.rules) == ("", ["SEQ-ESID0"])
    assert play.observer.ended


def test_a_credit_that_comes_late_may_come_behind_a_declined_file() -> None:
    """Its Listener has seen nothing of that file."""
    late = "I:SFID(name=OK) R:SFPA I:DATA I:LAST I:EFID R:EFPA I:SFID R:CDT"
    play = inside(policy=Policy()).run(f"{START} {late} I:CD R:ESID")
    assert (play.refused, play.rules) == ("", ["SEQ-EFID", "SEQ-CDT"])
    assert play.observer.ended


def test_an_esid_that_crosses_the_file_wins() -> None:
    play = inside().run(f"{START} R:ESID(reason=5) {DECLINED}")
    assert (play.seen[-1].reply, play.refused) == (b"", "")
    assert play.seen[-1].drop > 0


def test_an_esid_of_the_other_side_comes_behind_the_sfna() -> None:
    play = inside().run(f"{START} {DECLINED} R:ESID(reason=5)")
    assert (len(replies(play)), play.refused) == (1, "")
    assert play.observer.ended


def test_too_many_declined_in_a_row_end_the_session() -> None:
    play = inside().run(f"{START} {DECLINED}*100")
    assert (len(replies(play)), play.refused) == (100, "")
    refusal = play.run(DECLINED).seen[-1].refusal
    assert refusal
    assert (refusal.rule, refusal.reason) == ("POL-DECLINES", EndReason.UNSPECIFIED)
    assert play.observer.broken_off() is None, "a file whose SFID was refused was not told to begin, so it has no end"


def test_what_passes_between_lets_more_be_declined() -> None:
    play = inside().run(f"{START} {DECLINED}*100 I:EERP R:RTR {DECLINED}*100")
    assert (len(replies(play)), play.refused) == (200, "")


def test_a_declined_file_is_not_told_as_broken_off() -> None:
    assert inside().run(f"{START} {DECLINED}").observer.broken_off() is None


def test_declined_files_count_as_exchanges_without_content() -> None:
    play = inside().run(START)
    for _ in range(20):
        play.run(f"{DECLINED}*49 I:EERP R:RTR")
    assert [event for event in play.happenings if isinstance(event, NothingMoved)] == [NothingMoved(1_000)]
    assert play.refused == ""
    assert TWO is ONE.other
