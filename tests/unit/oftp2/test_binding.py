"""Identification codes bound to who came in."""

import pytest

from seon.oftp2 import commands as c
from seon.oftp2.binding import Binding
from seon.oftp2.codec import encode
from seon.oftp2.observer import SessionObserver
from seon.oftp2.reasons import AnswerReason
from seon.oftp2.rules import RULES, Policy, Severity
from unit.oftp2.plays import (
    COMMANDS,
    ONE,
    START,
    TWO,
    Play,
)  # whose SSID shows O0013, and whose file goes from ORIG to DEST


def broken(codes, side, command) -> list[tuple[str, str, str]]:
    return [(flaw.rule, flaw.field, flaw.text) for flaw in Binding(codes).flaws(side, COMMANDS[command])]


@pytest.mark.parametrize(
    ("owner", "sender", "code", "rule", "field"),
    [
        (ONE, ONE, "ORIG", "ADM-ORIG", "SFIDORIG"),
        (TWO, TWO, "ORIG", "ADM-ORIG", "SFIDORIG"),
        (ONE, TWO, "DEST", "ADM-DEST", "SFIDDEST"),
        (TWO, ONE, "DEST", "ADM-DEST", "SFIDDEST"),
    ],
)
def test_a_file_goes_from_or_to_a_code_of_the_partner(owner, sender, code, rule, field) -> None:
    assert broken({owner: frozenset({code, "MORE"})}, sender, "SFID") == []
    assert broken({owner: frozenset({"MORE"})}, sender, "SFID") == [(rule, field, RULES[rule].meaning)]


def test_the_code_of_an_ssid_is_one_of_its_own_side() -> None:
    assert broken({ONE: frozenset({"O0013"})}, ONE, "SSID") == []
    assert [rule for rule, _, _ in broken({ONE: frozenset({"O0014"})}, ONE, "SSID")] == ["ADM-CODE"]
    assert broken({ONE: frozenset({"O0014"})}, TWO, "SSID") == [], "our own station's code is its own affair"


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"SSID", "SFID"}))
def test_no_other_command_is_bound(command) -> None:
    assert broken({ONE: frozenset({"X"}), TWO: frozenset({"X"})}, ONE, command) == []


def test_who_has_no_codes_may_show_any() -> None:
    for codes in ({}, {ONE: frozenset(), TWO: frozenset()}):
        assert broken(codes, ONE, "SSID") == []
        assert broken(codes, TWO, "SFID") == []


@pytest.mark.parametrize(("allowed", "good"), [("o0013", True), ("O0013", False), ("o0013 ", True), (" o0013", False)])
def test_lower_case_is_another_code_than_capitals(allowed, good) -> None:
    play = Play(Policy(), codes={ONE: frozenset({allowed})}).run("R:SSRM I:SSID(code=o0013)")
    assert play.refused == ("" if good else "ADM-CODE")


@pytest.mark.parametrize(("severity", "found"), [(Severity.WARN, ["ADM-CODE"]), (Severity.IGNORE, [])])
def test_the_binding_of_an_ssid_can_be_softened(severity, found) -> None:
    play = Play(Policy("strict", {"ADM-CODE": severity}), {ONE: frozenset({"O0014"})}).run(START)
    assert play.refused == ""
    assert [one.rule for seen in play.seen for one in seen.findings] == found


@pytest.mark.parametrize("profile", ["default", "strict"])
def test_files_of_others_pass_unless_it_is_set_otherwise(profile) -> None:
    codes = {ONE: frozenset({"O0013"})}
    play = Play(Policy.named(profile), codes).run(f"{START} I:SFID R:SFPA")
    assert play.refused == ""
    assert [one.rule for seen in play.seen for one in seen.findings if one.rule.startswith("ADM")] == []
    refused = Play(Policy(profile, {"ADM-ORIG": Severity.REFUSE}), codes).run(f"{START} I:SFID").seen[-1].refusal
    assert refused
    assert (refused.rule, refused.field, refused.seen) == ("ADM-ORIG", "SFIDORIG", '"ORIG                     "')


@pytest.mark.parametrize(
    ("rule", "side", "reason"),
    [("ADM-ORIG", ONE, AnswerReason.INVALID_ORIGIN), ("ADM-DEST", TWO, AnswerReason.INVALID_DESTINATION)],
)
def test_files_of_others_can_be_declined(rule, side, reason) -> None:
    policy = Policy("strict", {"ADM-CODE": Severity.IGNORE, rule: Severity.DECLINE})
    play = Play()
    play.observer = SessionObserver(policy, {side: frozenset({"O0014"})}, declines=True)
    sfna = c.StartFileRefused(reason, retry=False, text=RULES[rule].meaning)
    assert play.run(f"{START} I:SFID").seen[-1].reply[4:] == encode(sfna, 5)
    assert play.refused == ""
