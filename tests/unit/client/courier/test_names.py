"""Names are resolved, and what is none is said."""

import asyncio
import socket

import pytest

from seon.client.courier import messages as c
from seon.client.courier import names as module
from seon.client.courier.names import resolve


def test_an_address_is_itself_and_comes_once() -> None:
    assert asyncio.run(resolve("127.0.0.1")) == c.Resolved("127.0.0.1", ("127.0.0.1",))


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "a..b", "no\0name", "\udcff", ""])
def test_what_is_no_name_is_said_to_be_none(host) -> None:
    answer = asyncio.run(resolve(host))
    assert answer.addresses == () or host == ""
    assert answer.problem or host == ""


@pytest.mark.parametrize(
    "error", [socket.gaierror(-2, "Name or service not known"), RuntimeError("can't start thread")]
)
def test_what_the_system_says_is_passed_on(monkeypatch, error) -> None:
    def getaddrinfo(*_, **__):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert asyncio.run(resolve("host.example")) == c.Resolved("host.example", (), str(error))


def test_a_name_server_that_does_not_answer_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(module, "RESOLVE_SECONDS", 0.05)

    async def live() -> c.Resolved:
        loop = asyncio.get_running_loop()

        async def getaddrinfo(*_, **__):
            await loop.create_future()

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
        return await resolve("host.example")

    assert asyncio.run(live()).problem == "no answer in time"


def test_names_are_resolved_for_the_main(play) -> None:
    async def scene(main, spool) -> None:
        await main.say(c.Resolve("127.0.0.1"))
        assert (await main.hear(c.Resolved)).addresses == ("127.0.0.1",)

    play(scene)
