"""Reason codes."""

import pytest

from seon.oftp2.reasons import (
    AnswerReason,
    EndReason,
    NegativeReason,
    end_answer_reasons,
    end_reasons,
    negative_reasons,
    reason_words,
    start_answer_reasons,
)


@pytest.mark.parametrize("reason", [*EndReason, *AnswerReason, *NegativeReason])
def test_every_reason_has_a_text(reason: EndReason | AnswerReason | NegativeReason) -> None:
    assert reason.text.isascii()
    assert len(reason.text) > 5


def test_authentication_reasons_exist_at_level_5_only() -> None:
    assert end_reasons(5) - end_reasons(4) == {11, 12}


def test_newer_reasons_are_unknown_to_older_levels() -> None:
    assert start_answer_reasons(4) - start_answer_reasons(2) == {14}
    assert start_answer_reasons(5) - start_answer_reasons(4) == set(range(15, 21))
    assert all(end_answer_reasons(level) == start_answer_reasons(level) for level in (1, 2, 4))
    assert end_answer_reasons(5) - start_answer_reasons(5) == {21, 22, 23}


def test_decompression_and_decryption_stand_crossed() -> None:
    assert NegativeReason(32).text == AnswerReason(23).text
    assert NegativeReason(33).text == AnswerReason(22).text
    assert negative_reasons(5) == set(NegativeReason)


def test_a_code_is_said_with_its_meaning_and_what_the_station_added() -> None:
    assert reason_words(EndReason, 8) == "08 resources not available"
    assert reason_words(AnswerReason, 13, "sent on Monday") == "13 duplicate file: sent on Monday"
    assert reason_words(NegativeReason, 98, "?") == "98 a reason this program does not know: ?"
