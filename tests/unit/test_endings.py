"""How a session ended: words that are ours for every way, and who can know what."""

import itertools
from typing import get_args

import msgspec
import pytest

from seon.endings import By, Host, SessionEnd, Why, credible, far_party, near_party
from seon.oftp2.rules import RULES

HOSTS, BYS, WHYS = get_args(Host), get_args(By), get_args(Why)
RULE = next(iter(RULES))


@pytest.mark.parametrize("why", WHYS)
@pytest.mark.parametrize("host", HOSTS)
def test_every_way_has_its_words_at_both_hosts(why, host) -> None:
    text = SessionEnd("crash", why, host, number=9).reason
    assert text
    assert not set("{}") & set(text)
    assert "dmz" not in text, "hosts are named as people know them"
    assert "inside" not in text


def test_no_two_ways_sound_alike() -> None:
    words = {why: SessionEnd("crash", why, "dmz", RULE if why == "rule" else "", 9).reason for why in WHYS}
    assert len(set(words.values())) == len(WHYS)


@pytest.mark.parametrize(
    ("end", "by", "reason"),
    [
        (SessionEnd("partner", "esid", "dmz", number=9), "partner", "ESID 09 time out"),
        (SessionEnd("verifier", "rule", "dmz", "CMD-ID"), "server verifier", "rule CMD-ID: "),
        (SessionEnd("verifier", "declined", "inside"), "client verifier", "declined"),
        (SessionEnd("idle", "idle", "inside", number=330), "idle", "no progress for 330 s at the client"),
        (SessionEnd("administrator", "signal", "dmz", number=15), "administrator", "signal 15 to the session process"),
        (SessionEnd("crash", "killed", "dmz", number=11), "crash", "of the server was ended by signal 11"),
        (SessionEnd("crash", "exit", "inside", number=70), "crash", "of the client ended by itself with status 70"),
        (SessionEnd("link", "unsaid", "dmz", number=5), "link", "ESID 05 "),
    ],
)
def test_who_and_why_are_told_with_rule_and_number(end, by, reason) -> None:
    assert end.ended_by == by
    assert reason in end.reason


def test_a_rule_that_is_not_known_here_and_an_esid_of_another_kind_have_words_too() -> None:
    """The other host may be newer, and a partner may send any number."""
    assert SessionEnd("verifier", "rule", "dmz", "NEW-RULE").reason == "a rule that this program does not know"
    assert "77" in SessionEnd("partner", "esid", "dmz", number=77).reason


# --- who can know what ----------------------------------------------------------------------------------------------

POSSIBLE = {
    "partner": {"esid", "closed", "cut", "broken"},
    "station": {"esid", "closed", "cut", "broken"},
    "verifier": {"rule", "declined"},
    "idle": {"idle"},
    "administrator": {"barred", "withdrawn", "shutdown", "signal", "deaf", "ended"},
    "link": {"lost", "unsaid", "unlinked"},
    "crash": {"orphaned", "killed", "exit"},
}


@pytest.mark.parametrize(("by", "why"), [*itertools.product(BYS, WHYS)])
def test_who_can_have_done_what(by, why) -> None:
    host = "inside" if by == "station" else "dmz"
    assert credible(SessionEnd(by, why, host, RULE if why == "rule" else "")) is (why in POSSIBLE[by])


def test_every_way_is_somebodys() -> None:
    assert set().union(*POSSIBLE.values()) == set(WHYS)


def test_a_host_knows_nothing_of_who_stands_behind_the_other() -> None:
    for why in POSSIBLE["partner"]:
        assert credible(SessionEnd("partner", why, "dmz"))
        assert credible(SessionEnd("station", why, "inside"))
        assert not credible(SessionEnd("partner", why, "inside"))
        assert not credible(SessionEnd("station", why, "dmz"))


@pytest.mark.parametrize("host", HOSTS)
def test_near_and_far_are_two(host) -> None:
    other = next(one for one in HOSTS if one != host)
    assert near_party(host) == far_party(other) != far_party(host)


def test_a_rule_is_named_where_one_was_broken_and_nowhere_else() -> None:
    assert credible(SessionEnd("verifier", "rule", "dmz", RULE))
    assert not credible(SessionEnd("verifier", "rule", "dmz")), "which one?"
    assert not credible(SessionEnd("verifier", "rule", "dmz", "NEW-RULE")), "one that nobody has"
    assert not credible(SessionEnd("verifier", "declined", "dmz", RULE))
    assert not credible(SessionEnd("idle", "idle", "dmz", RULE))


# --- on the way -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_sent(rule) -> None:
    end = SessionEnd("verifier", "rule", "dmz", rule)
    assert msgspec.json.decode(msgspec.json.encode(end), type=SessionEnd) == end


@pytest.mark.parametrize(
    "spoiled",
    [{"by": "fate"}, {"why": "because"}, {"host": "moon"}, {"rule": "two\nlines"}, {"rule": "X" * 41},
     {"rule": "CMD-ID\n"}, {"number": -1}, {"number": 86_401}, {"number": "9"}],
)  # fmt: skip
def test_nothing_but_choices_and_a_number_can_be_received(spoiled) -> None:
    octets = msgspec.json.encode({"by": "idle", "why": "idle", "host": "dmz", **spoiled})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(octets, type=SessionEnd)


def test_the_longest_idle_time_and_the_highest_esid_can_be_sent() -> None:
    for number in (86_400, 99):
        end = SessionEnd("idle", "idle", "dmz", number=number)
        assert msgspec.json.decode(msgspec.json.encode(end), type=SessionEnd) == end
