"""Texts with places for values: each kind of place, and that a value cannot reach into the text."""

import pytest

from seon.wording import field_names, fill


@pytest.mark.parametrize(
    ("value", "text"),
    [("why", "why"), (7, "7"), (0, "0"), (0.25, "0.25"), (True, "yes"), (False, "no"), ("", "(none)"), ("-", "(none)")],
)
def test_a_place_shows_its_value(value, text) -> None:
    assert fill("It is {x}.", {"x": value}) == f"It is {text}."


def test_a_value_that_is_missing_is_told_so() -> None:
    assert fill("It is {x}", {}) == "It is (none)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 events were"),
        (1, "1 event was"),
        (2, "2 events were"),
        (True, "yes event was"),
        ("", "(none) events were"),
    ],
)
def test_a_number_chooses_its_words(value, text) -> None:
    assert fill("{n:# event was|# events were} lost", {"n": value}) == f"{text} lost"


@pytest.mark.parametrize(("value", "text"), [(0, "within a day"), (1, "in 1 day"), (9, "in 9 days")])
def test_zero_may_have_words_of_its_own(value, text) -> None:
    assert fill("{n:in # day|in # days|within a day}", {"n": value}) == text


@pytest.mark.parametrize(("value", "text"), [(True, "signed"), (False, "not signed"), (None, "(none)")])
def test_a_truth_value_chooses_its_words(value, text) -> None:
    assert fill("{x:signed|not signed}", {"x": value}) == text


def test_a_word_in_capitals_is_shown_as_a_name() -> None:
    assert fill("the {side:name}'s", {"side": "INITIATOR"}) == "the Initiator's"


@pytest.mark.parametrize("value", ["", "-", 0, False, None])
def test_a_part_that_says_nothing_is_left_out(value) -> None:
    assert fill("It ended[ at {x}][, {y} s]", {"x": value, "y": 2}) == "It ended, 2 s"


def test_a_part_stays_when_one_of_its_values_says_something() -> None:
    assert fill("It ended[ at {x}, {y}]", {"x": "", "y": "here"}) == "It ended at (none), here"


def test_a_value_cannot_reach_into_the_text() -> None:
    hostile = "[{y}] {y:a|b} # %s"
    assert fill("{x:#|#}[ {x}]", {"x": hostile, "y": "secret"}) == f"{hostile} {hostile}"


def test_whoever_fills_a_text_says_how_values_are_shown() -> None:
    assert fill("{x} {n:#|#s}", {"x": "a", "n": 2}, lambda value: f"<{value}>") == "<a> <2>s"


def test_the_names_of_places_are_found_in_order() -> None:
    assert field_names("{b} {a:#|#s}[; {c:name}]") == ("b", "a", "c")
