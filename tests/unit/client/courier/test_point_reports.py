"""Where lists are, on the way to Seonapi: each once, tried until it works, and never in the way of anything else."""

import asyncio

import msgspec

from seon import api_messages as a
from seon.client.courier import messages as c
from seon.client.courier import point_reports as module

URL = "http://crl.example/"


def source(number: int) -> a.CrlSource:
    return a.CrlSource(f"{URL}{number}", b"issuer")


async def said(main, *numbers: int) -> None:
    for number in numbers:
        await main.say(c.CrlsFound((source(number),)))


def taking(seonapi) -> list[a.CrlSource]:
    """Let Seonapi take sources; return those that it has taken."""
    taken: list[a.CrlSource] = []

    def take(request) -> tuple[int, bytes]:
        taken.extend(msgspec.json.decode(request.body, type=a.CrlSources).sources)
        return 204, b""

    seonapi.answers["crl-sources"] = take
    return taken


def test_they_are_said_once_there_is_a_certificate_and_many_in_one_call(play, seonapi) -> None:
    taken = taking(seonapi)

    async def scene(main, spool) -> None:
        await said(main, *range(25), 3, 4)
        await asyncio.sleep(0.05)
        assert taken == []
        await main.enrol()
        while len(taken) < 25:
            await asyncio.sleep(0.01)
        assert taken == [source(number) for number in range(25)]
        assert sum(request.path.endswith("crl-sources") for request in seonapi.seen) == 2

    play(scene)


def test_while_seonapi_is_away_they_wait(play, seonapi) -> None:
    async def scene(main, spool) -> None:
        await main.enrol()
        await said(main, 1)
        while not any(request.path.endswith("crl-sources") for request in seonapi.seen):
            await asyncio.sleep(0.01)
        taken = taking(seonapi)
        while not taken:
            await asyncio.sleep(0.01)
        assert taken == [source(1)]

    play(scene)


def test_what_seonapi_does_not_take_is_let_go_and_said(play, seonapi) -> None:
    seonapi.answers["crl-sources"] = lambda _: (400, msgspec.json.encode(a.Problem("no such issuer")))

    async def scene(main, spool) -> None:
        await main.enrol()
        await said(main, 1)
        while "does not take" not in (line := await main.hear(c.LogLine)).text:
            pass
        assert line.text == "Seonapi does not take 1 addresses of revocation lists: no such issuer"
        taken = taking(seonapi)
        await said(main, 2)
        while not taken:
            await asyncio.sleep(0.01)
        assert taken == [source(2)]

    play(scene)


def test_no_more_wait_than_allowed(play, seonapi, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    taken = taking(seonapi)

    async def scene(main, spool) -> None:
        await said(main, *range(6))
        await asyncio.sleep(0.05)
        await main.enrol()
        while not taken:
            await asyncio.sleep(0.01)
        assert taken == [source(0), source(1), source(2)]

    play(scene)
