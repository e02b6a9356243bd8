"""What the verifier says: names of rules, and which ESID goes where."""

from seon.oftp2.happenings import Side
from seon.oftp2.inspection import Finding, Inspection, Refusal, Surplus
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import Severity

ONE, TWO = Side.INITIATOR, Side.RESPONDER


def test_each_names_the_rule_and_the_key_as_it_is_set() -> None:
    finding = Finding("DAT-SIZE/one", Severity.WARN, ONE, 1, 0, "")
    refusal = Refusal("DAT-SIZE/one", EndReason.BUFFER_SIZE, ONE, 1, 0, "", b"")
    for one in (finding, refusal, Surplus("DAT-SIZE/one", ONE, 3)):
        assert (one.rule, one.key) == ("DAT-SIZE", "DAT-SIZE/one")


def test_the_side_that_broke_the_rule_may_be_told_more() -> None:
    refusal = Refusal("CMD-ID", EndReason.COMMAND_NOT_RECOGNISED, TWO, 1, 0, "", b"short", wire_back=b"long")
    assert [refusal.wire_to(side) for side in (ONE, TWO)] == [b"short", b"long"]
    plain = Refusal("CMD-ID", EndReason.COMMAND_NOT_RECOGNISED, TWO, 1, 0, "", b"short")
    assert [plain.wire_to(side) for side in (ONE, TWO)] == [b"short", b"short"]


def test_an_inspection_that_says_nothing_is_empty() -> None:
    assert Inspection() == (0, 0, (), (), None, b"", None)
