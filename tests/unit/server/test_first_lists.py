"""After a start the first revocation lists are waited for, but not for ever; by a loop with real, short times."""

import asyncio

import pytest

from seon.config import RevocationList
from seon.server import first_lists
from seon.server.first_lists import FirstLists

ONE, TWO = RevocationList("ab" * 32, "pem", "http://crl.example/a.crl"), RevocationList("cd" * 32, "pem")


class Start:
    """A server that starts: lists that are pending, and how often it was told that nothing is waited for any more."""

    def __init__(self, reported, *pending: RevocationList) -> None:
        self.pending = pending
        self.given_up = 0
        self.first = FirstLists(lambda: self.pending, reported, self._given_up)

    def _given_up(self) -> None:
        self.given_up += 1
        assert not self.first.awaited


@pytest.fixture(autouse=True)
def soon(monkeypatch) -> None:
    monkeypatch.setattr(first_lists, "SECONDS", 0.05)


def play(scene) -> None:
    asyncio.run(scene())


def test_before_a_configuration_has_come_nobody_comes_in(reported) -> None:
    async def scene() -> None:
        start = Start(reported)
        start.first.look(can_come=False)
        await asyncio.sleep(0.1)
        assert start.first.awaited
        assert (start.given_up, reported.codes) == (0, [])

    play(scene)


def test_a_configuration_without_lists_lets_in_at_once(reported) -> None:
    start = Start(reported)
    start.first.look(can_come=True)
    assert not start.first.awaited


def test_the_last_list_that_was_taken_or_found_unusable_ends_it_for_ever(reported) -> None:
    async def scene() -> None:
        start = Start(reported, ONE, TWO)
        for pending in ((ONE, TWO), (TWO,)):
            start.pending = pending
            start.first.look(can_come=True)
            assert start.first.awaited
        start.pending = ()
        start.first.look(can_come=True)
        assert not start.first.awaited
        start.pending = (ONE,)  # of a later configuration
        start.first.look(can_come=True)
        await asyncio.sleep(0.1)
        assert not start.first.awaited
        assert (start.given_up, reported.codes) == (0, [])

    play(scene)


def test_lists_that_do_not_come_are_named_when_their_time_is_over(reported) -> None:
    async def scene() -> None:
        start = Start(reported, ONE, TWO)
        start.first.look(can_come=True)
        await asyncio.sleep(0.1)
        assert not start.first.awaited
        assert start.given_up == 1

    play(scene)
    told = reported.of("CRL-LATE")
    assert (told["count"], told["missing"]) == (2, f"http://crl.example/a.crl, SHA-256 {'cd' * 32}")


def test_of_very_many_lists_the_first_are_named(reported) -> None:
    async def scene() -> None:
        lists = [RevocationList("ab" * 32, "pem", f"http://crl.example/{number}") for number in range(100)]
        Start(reported, *lists).first.look(can_come=True)
        await asyncio.sleep(0.1)

    play(scene)
    assert reported.of("CRL-LATE")["missing"].endswith("http://crl.example/9 and 90 more")


def test_time_in_which_no_client_is_linked_does_not_count(reported) -> None:
    async def scene() -> None:
        start = Start(reported, ONE)
        start.first.look(can_come=True)
        start.first.look(can_come=False)
        await asyncio.sleep(0.1)
        assert start.first.awaited
        start.first.look(can_come=True)
        await asyncio.sleep(0.1)
        assert not start.first.awaited

    play(scene)
