"""What two SSIDs come to."""

from dataclasses import replace
from typing import Any

import pytest

from seon.oftp2.commands import StartSession
from seon.oftp2.negotiation import Agreement, agree

OFFER = StartSession(5, "I", "P", 4096, "B", True, True, False, 64)


def agreed(offer: dict[str, Any], answer: dict[str, Any]) -> tuple[Agreement, list[str]]:
    agreement, flaws = agree(replace(OFFER, **offer), replace(OFFER, **answer))
    return agreement, [flaw.rule for flaw in flaws]


def test_the_smaller_of_each_is_in_force() -> None:
    agreement, rules = agreed({}, {"level": 4, "buffer_size": 128, "credit": 7, "compression": False, "restart": False})
    assert agreement == Agreement(4, 128, 7, False, False, False, True, True)
    assert rules == []


def test_a_level_of_the_future_comes_down_to_the_highest_we_know() -> None:
    assert agreed({"level": 7}, {"level": 7})[0].level == 5


@pytest.mark.parametrize(
    ("offer", "answer", "rules"),
    [
        ({}, {"credit": 65}, ["NEG-CRED"]),
        ({}, {"buffer_size": 4097}, ["NEG-SDEB"]),
        ({"direction": "S"}, {"direction": "S"}, ["NEG-SR"]),
        ({"direction": "R"}, {"direction": "R"}, ["NEG-SR"]),
        ({"direction": "S"}, {"direction": "R"}, []),
        ({"direction": "S"}, {"direction": "B"}, ["NEG-SR2"]),
        ({}, {"direction": "S"}, []),
        ({"compression": False}, {}, ["NEG-CMPR"]),
        ({"restart": False}, {}, ["NEG-REST"]),
        ({}, {"special_logic": True}, ["NEG-SPEC"]),
        ({"special_logic": True}, {}, []),
        ({"level": 4}, {}, ["NEG-LEV"]),
        ({"authentication": True}, {}, ["NEG-AUTH"]),
        ({"authentication": True}, {"level": 2}, ["NEG-AUTH"]),
        ({}, {"authentication": True}, ["NEG-AUTH"]),
        ({"authentication": True}, {"authentication": True}, []),
    ],
)
def test_what_an_answer_does_wrongly_is_named(offer: dict[str, Any], answer: dict[str, Any], rules: list[str]) -> None:
    assert agreed(offer, answer)[1] == rules


@pytest.mark.parametrize(
    ("offer", "answer", "initiator", "responder"),
    [
        ("B", "B", True, True),
        ("S", "R", True, False),
        ("R", "S", False, True),
        ("B", "R", True, False),
        ("S", "B", True, False),
    ],
)
def test_a_side_sends_files_if_it_may_and_the_other_takes_them(
    offer: str, answer: str, initiator: bool, responder: bool
) -> None:
    agreement, _ = agreed({"direction": offer}, {"direction": answer})
    assert (agreement.initiator_sends, agreement.responder_sends) == (initiator, responder)


def test_each_flaw_names_its_field_and_both_must_want_authentication() -> None:
    fields = {}
    for offer, answer in (
        ({"special_logic": True}, {"special_logic": True}),
        ({"authentication": True}, {}),
        ({"direction": "S"}, {"direction": "S"}),
        ({"level": 2, "buffer_size": 128, "credit": 1, "compression": False, "restart": False}, {}),
        ({"direction": "S"}, {"direction": "B"}),
    ):
        agreement, flaws = agree(replace(OFFER, **offer), replace(OFFER, **answer))
        fields |= {flaw.rule: flaw.field for flaw in flaws}
        assert agreement.authentication is False
    assert fields == {
        "NEG-SPEC": "SSIDSPEC",
        "NEG-AUTH": "SSIDAUTH",
        "NEG-SR": "SSIDSR",
        "NEG-LEV": "SSIDLEV",
        "NEG-SDEB": "SSIDSDEB",
        "NEG-CRED": "SSIDCRED",
        "NEG-CMPR": "SSIDCMPR",
        "NEG-REST": "SSIDREST",
        "NEG-SR2": "SSIDSR",
    }
