"""What flaws are worth, and which of them are told."""

import pytest

from seon.oftp2.errors import Flaw
from seon.oftp2.happenings import Side
from seon.oftp2.inspection import Surplus
from seon.oftp2.judge import MAX_FINDINGS, Judge, words
from seon.oftp2.rules import Policy, Severity

ONE, TWO = Side.INITIATOR, Side.RESPONDER


def flaw(key: str, seen: bytes = b"") -> Flaw:
    return Flaw(key, 3, "FIELD", "what is wrong", seen)


@pytest.fixture
def judge() -> Judge:
    return Judge(Policy(), declines=True)


def test_the_first_flaw_that_is_refused_decides_and_all_others_are_told(judge: Judge) -> None:
    flaws = [flaw("FLD-XPAD"), flaw("FLD-X"), flaw("FLD-RNG"), flaw("DAT-EOR/text")]
    assert judge.sort_out(ONE, 7, flaws) is flaws[1]
    told = [(one.key, one.severity, one.side, one.stb) for one in judge.findings]
    assert told == [("FLD-XPAD", Severity.WARN, ONE, 7), ("FLD-RNG", Severity.REFUSE, ONE, 7)]


def test_a_finding_names_rule_and_key_and_shows_what_was_seen(judge: Judge) -> None:
    judge.sort_out(TWO, 1, [flaw("FLD-CR/line-feed", b"\n")])
    (finding,) = judge.findings
    assert (finding.rule, finding.key, finding.seen) == ("FLD-CR", "FLD-CR/line-feed", "0a")
    assert finding.text == words(flaw("FLD-CR/line-feed")) == "FIELD: what is wrong"


def test_what_is_declined_is_no_finding(judge: Judge) -> None:
    flaws = [flaw("POL-NAME"), flaw("POL-DEST")]
    assert judge.sort_out(ONE, 1, flaws) is None
    assert judge.findings == []
    assert judge.declined(flaws) is flaws[0]


def test_where_the_other_host_declines_nothing_is_declined() -> None:
    judge = Judge(Policy(), declines=False)
    assert judge.sort_out(ONE, 1, [flaw("POL-NAME")]) is None
    assert judge.declined([flaw("POL-NAME")]) is None
    assert judge.findings == []


def test_a_rule_that_refuses_wins_over_one_that_declines() -> None:
    judge = Judge(Policy(overrides={"POL-DEST": Severity.REFUSE}), declines=True)
    assert judge.sort_out(ONE, 1, [flaw("POL-NAME"), flaw("POL-DEST")]) == flaw("POL-DEST")


def test_findings_of_one_kind_are_told_a_few_times_a_side_and_then_counted(judge: Judge) -> None:
    for _ in range(MAX_FINDINGS + 10):
        judge.sort_out(ONE, 1, [flaw("FLD-RSV")])
    judge.sort_out(TWO, 1, [flaw("FLD-RSV")])
    judge.sort_out(ONE, 1, [flaw("FLD-XPAD")])
    assert len(judge.findings) == MAX_FINDINGS + 2
    assert judge.surplus() == (Surplus("FLD-RSV", ONE, 10),)
