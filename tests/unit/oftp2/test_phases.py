"""The table of the order of commands."""

import pytest

from seon.oftp2.layouts import FORMS
from seon.oftp2.phases import NEXT, TABLE, Phase, Role, When, legal, violation

NAMES = [form.name for form in FORMS.values()] + ["DATA"]


def test_no_move_stands_twice() -> None:
    assert len(NEXT) == len(TABLE)


def test_every_phase_but_the_end_can_be_left_and_every_one_but_the_first_be_reached() -> None:
    assert {row.phase for row in TABLE} == set(Phase) - {Phase.ENDED}
    assert {row.next for row in TABLE} | {Phase.READY, Phase.ENDED} == set(Phase)


def test_every_command_has_its_place_and_esid_its_own_rules() -> None:
    assert {row.command for row in TABLE} == set(NAMES) - {"ESID"}


def test_a_condition_always_has_its_opposite() -> None:
    for row in TABLE:
        if row.when is not When.ALWAYS:
            assert (row.phase, row.sender, row.command, When.ALWAYS) in NEXT


def test_only_one_side_has_the_floor() -> None:
    for phase in set(Phase) - {Phase.ENDED, Phase.CREDIT}:
        assert len({row.sender for row in TABLE if row.phase is phase}) == 1, phase


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.ENDED])
def test_what_is_not_in_the_table_breaks_a_rule(phase: Phase) -> None:
    for role in Role:
        for name in NAMES:
            if not legal(phase, role, name):
                assert violation(phase, role, name).startswith("SEQ-")


@pytest.mark.parametrize(
    ("phase", "role", "name", "rule"),
    [
        (Phase.READY, Role.INITIATOR, "SSID", "SEQ-FIRST"),
        (Phase.OFFER, Role.RESPONDER, "SSID", "SEQ-TURN"),
        (Phase.ANSWER, Role.RESPONDER, "SSRM", "SEQ-CMD"),
        (Phase.CREDIT, Role.SPEAKER, "DATA", "SEQ-CRED"),
        (Phase.CREDIT, Role.SPEAKER, "CD", "SEQ-TURN"),
        (Phase.DATA, Role.LISTENER, "CDT", "SEQ-CDT"),
        (Phase.DATA, Role.LISTENER, "EFNA", "SEQ-TURN"),
        (Phase.TURN, Role.SPEAKER, "SFID", "SEQ-CDREQ"),
        (Phase.TURN, Role.LISTENER, "EERP", "SEQ-TURN"),
        (Phase.IDLE, Role.LISTENER, "CD", "SEQ-TURN"),
    ],
)
def test_a_violation_has_the_name_that_says_most(phase: Phase, role: Role, name: str, rule: str) -> None:
    assert violation(phase, role, name) == rule


def test_a_speaker_with_credit_left_goes_on_with_data() -> None:
    """The data path does not look this row up, as the phase stays."""
    assert NEXT[Phase.DATA, Role.SPEAKER, "DATA", When.ALWAYS] is Phase.DATA
