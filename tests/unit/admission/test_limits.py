"""Counts to limits."""

from seon.admission.limits import SessionCounts, limits_of
from seon.config import ClientPartner, Limits, ServerPartner

LIMITS = Limits(sessions=3, sessions_per_partner=2, sessions_per_minute=20)


def test_sessions_are_limited_in_all_and_per_partner() -> None:
    counts = SessionCounts()
    assert counts.begin("A", LIMITS, 0.0) is None
    assert counts.begin("A", LIMITS, 0.0) is None
    assert counts.begin("A", LIMITS, 0.0) == "the limit of 2 sessions of partner A at once"
    assert counts.begin("B", LIMITS, 0.0) is None
    assert counts.begin("C", LIMITS, 0.0) == "the limit of 3 sessions at once"
    assert counts.running() == 3


def test_an_ended_session_makes_room_again() -> None:
    counts = SessionCounts()
    for _ in range(4):  # more than there may be at once
        assert counts.begin("A", LIMITS, 0.0) is None
        counts.end("A")
    assert counts.running() == 0


def test_new_sessions_are_limited_per_minute_even_when_they_end_at_once() -> None:
    counts = SessionCounts()
    for second in range(20):
        partner = "ABCD"[second % 4]
        assert counts.begin(partner, LIMITS, float(second)) is None
        counts.end(partner)
    assert counts.begin("E", LIMITS, 59.9) == "the limit of 20 new sessions a minute"
    assert counts.begin("E", LIMITS, 60.0) is None
    assert counts.begin("E", LIMITS, 60.5) is not None


def test_one_partner_alone_cannot_use_up_the_sessions_of_a_minute() -> None:
    counts = SessionCounts()
    for _ in range(5):
        assert counts.begin("A", LIMITS, 0.0) is None
        counts.end("A")
    assert counts.begin("A", LIMITS, 1.0) == "the limit of 5 new sessions of partner A a minute"
    assert counts.begin("B", LIMITS, 1.0) is None
    assert counts.begin("A", LIMITS, 60.0) is None


def test_what_the_inside_starts_is_not_slowed_by_what_partners_start() -> None:
    counts = SessionCounts()
    limits = Limits(sessions_per_minute=1)
    assert counts.begin("A", limits, 0.0) is None
    assert counts.begin("A", limits, 0.0) is not None
    for _ in range(10):
        assert counts.begin("A", limits, 0.0, rated=False) is None
    assert counts.running() == 11


def test_a_refused_session_counts_for_nothing() -> None:
    counts = SessionCounts()
    for _ in range(2):
        counts.begin("A", LIMITS, 0.0)
    for _ in range(100):
        counts.begin("A", LIMITS, 0.0)
    assert counts.running() == 2
    assert counts.begin("B", LIMITS, 0.0) is None


def test_a_partner_without_sessions_leaves_nothing_behind() -> None:
    """Partners come and go with configurations: their counts must not pile up."""
    counts = SessionCounts()
    for number in range(1_000):
        counts.begin(f"P{number}", Limits(sessions_per_minute=100_000), 0.0)
        counts.end(f"P{number}")
    assert len(counts._running) == 0


def test_a_partners_own_number_of_sessions_takes_the_place_of_the_general_one() -> None:
    for kind in (ServerPartner, ClientPartner):
        assert limits_of(kind("P1", "One"), LIMITS) is LIMITS
        own = limits_of(kind("P1", "One", sessions=7), LIMITS)
        assert own == Limits(sessions=3, sessions_per_partner=7, sessions_per_minute=20)
