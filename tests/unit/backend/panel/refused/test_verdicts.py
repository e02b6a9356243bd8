"""Every verdict is said in words, with what to do."""

import pytest

from seon.admission.codes import Verdict
from seon.backend.panel.refused.verdicts import words_of


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_has_words_and_an_advice(verdict: Verdict) -> None:
    words = words_of(verdict.value)
    assert str(words.why) != verdict.value
    assert str(words.do).endswith(".")


def test_one_of_another_version_is_its_code() -> None:
    assert words_of("NEW") == ("NEW", "")
