"""Tickets: once, in time, for the right client."""

import pytest

from seon.link.tickets import LIFE_SECONDS, Tickets


@pytest.fixture
def tickets() -> Tickets[str]:
    return Tickets()


def test_a_ticket_brings_what_waits_for_it_once(tickets) -> None:
    ticket = tickets.issue("client", "partner", 100.0)
    assert tickets.redeem(ticket, "client", 101.0) == "partner"
    assert tickets.redeem(ticket, "client", 101.0) is None
    assert len(tickets) == 0


@pytest.mark.parametrize(
    ("age", "good"), [(0.0, True), (LIFE_SECONDS - 0.001, True), (LIFE_SECONDS, False), (1e9, False)]
)
def test_a_ticket_has_an_age_limit(tickets, age, good) -> None:
    ticket = tickets.issue("client", "partner", 100.0)
    assert (tickets.redeem(ticket, "client", 100.0 + age) == "partner") is good


def test_a_wrong_client_neither_takes_nor_spoils_a_ticket(tickets) -> None:
    ticket = tickets.issue("client", "partner", 100.0)
    assert tickets.redeem(ticket, "another", 101.0) is None
    assert tickets.redeem(ticket, "", 101.0) is None
    assert tickets.redeem(ticket, "client", 101.0) == "partner"


def test_a_ticket_nobody_issued_is_none(tickets) -> None:
    tickets.issue("client", "partner", 100.0)
    for ticket in (b"", bytes(16), b"x" * 1000):
        assert tickets.redeem(ticket, "client", 100.0) is None


def test_a_withdrawn_ticket_is_gone_and_may_be_withdrawn_twice(tickets) -> None:
    ticket = tickets.issue("client", "partner", 100.0)
    tickets.withdraw(ticket)
    tickets.withdraw(ticket)
    assert tickets.redeem(ticket, "client", 100.0) is None


def test_tickets_are_128_bits_and_no_two_are_alike(tickets) -> None:
    issued = {tickets.issue("client", "partner", 0.0) for _ in range(1_000)}
    assert len(issued) == 1_000
    assert {len(ticket) for ticket in issued} == {16}


def test_a_client_may_have_any_name() -> None:
    """Also one that Python does not compare in constant time as it is."""
    tickets: Tickets[str] = Tickets()
    ticket = tickets.issue("Zürich", "waiting", 0.0)
    assert tickets.redeem(ticket, "Züri", 1.0) is None
    assert tickets.redeem(ticket, "Zürich", 1.0) == "waiting"
