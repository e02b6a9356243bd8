from dataclasses import replace

import pytest

from seon.oftp2.errors import LocalError
from seon.oftp2.reasons import EndReason
from seon.oftp2.session_start import DisagreementError, Profile, agree

OWN = Profile("O0013BOB", "SECRET", level=4, buffer_size=4096, credit=7)
OFFER = Profile("O0013ALICE", "HIDDEN", buffer_size=2048, credit=99, restart=False).offer()


def test_an_answer_is_never_more_than_the_offer() -> None:
    answer = OWN.answer(OFFER)
    assert (answer.level, answer.buffer_size, answer.credit) == (4, 2048, 7)
    assert (answer.compression, answer.restart, answer.special_logic, answer.authentication) == (True, False) + (
        False,
    ) * 2


@pytest.mark.parametrize(
    ("offered", "own", "answered"),
    [("S", "B", "R"), ("R", "B", "S"), ("B", "B", "B"), ("B", "R", "R"), ("S", "R", "R")],
)
def test_the_answered_direction_is_the_complement(offered: str, own: str, answered: str) -> None:
    assert replace(OWN, direction=own).answer(replace(OFFER, direction=offered)).direction == answered


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"authentication": True, "level": 4}, EndReason.INCOMPATIBLE),
        ({"special_logic": True}, EndReason.INCOMPATIBLE),
        ({"direction": "S"}, EndReason.INCOMPATIBLE),
    ],
)
def test_what_does_not_fit_has_its_reason(change: dict[str, object], reason: EndReason) -> None:
    own = replace(OWN, direction="S").offer()
    with pytest.raises(DisagreementError) as error:
        agree(own, replace(OFFER, **change), credit=7)
    assert error.value.reason is reason


@pytest.mark.parametrize("own", [True, False])
def test_secure_authentication_is_of_both_or_of_none(own: bool) -> None:
    mine = replace(OWN, level=5, authentication=own)
    assert mine.offer().authentication is own
    agreement = agree(mine.offer(), replace(OFFER, authentication=own), credit=7)
    assert agreement.authentication is own
    answer = mine.answer(replace(OFFER, authentication=not own))
    with pytest.raises(DisagreementError) as error:
        agree(answer, replace(OFFER, authentication=not own), credit=7)
    assert error.value.reason is EndReason.AUTHENTICATION_INCOMPATIBLE


def test_an_answered_credit_above_the_offer_is_refused() -> None:
    with pytest.raises(DisagreementError, match="credit"):
        agree(OWN.offer(), OFFER, credit=8)


def test_the_password_is_checked_only_where_one_is_expected_and_never_shown() -> None:
    OWN.admit(OFFER)
    replace(OWN, peer_password="HIDDEN").admit(OFFER)
    with pytest.raises(DisagreementError) as error:
        replace(OWN, peer_password="OTHER").admit(OFFER)
    assert error.value.reason is EndReason.INVALID_PASSWORD
    assert not {"HIDDEN", "OTHER"} & set(str(error.value).split())
    assert "SECRET" not in repr(OWN)


@pytest.mark.parametrize(
    "change",
    [{"level": 3}, {"buffer_size": 127}, {"buffer_size": 100_000}, {"credit": 0}, {"credit": 1000}, {"direction": "X"},
     {"authentication": True}],
)  # fmt: skip
def test_what_cannot_be_announced_is_our_error(change: dict[str, object]) -> None:
    with pytest.raises(LocalError):
        replace(OWN, **change)
