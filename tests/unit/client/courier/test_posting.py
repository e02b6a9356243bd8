"""Calls that answer nothing: made in their order, kept while Seonapi is away, in bounds."""

import asyncio

import msgspec
import pytest

from seon.client.courier import messages as c
from seon.client.courier.posting import MOST


def post(number: int, call: str = "refused") -> c.Post:
    return c.Post(call, msgspec.Raw(b'{"number":%d}' % number))


def test_they_are_made_once_there_is_a_certificate_and_again_while_seonapi_is_away(play, seonapi) -> None:
    got, statuses = [], [503, 502, 204, 204]

    def answer(request) -> tuple[int, bytes]:
        got.append(request.body)
        return statuses.pop(0), b""

    seonapi.answers["refused"] = seonapi.answers["crl-sources"] = answer

    async def scene(main, spool) -> None:
        await main.say(post(1))
        await main.say(post(2, "crl-sources"))
        await main.enrol()
        while statuses:
            await asyncio.sleep(0.01)
        assert got == [b'{"number":1}'] * 3 + [b'{"number":2}']

    play(scene)


def test_what_seonapi_does_not_take_is_left_out(play, seonapi) -> None:
    got = []

    def answer(request) -> tuple[int, bytes]:
        got.append(request.body)
        return (400, b'{"error":"This is no certificate"}') if len(got) == 1 else (204, b"")

    seonapi.answers["refused"] = answer

    async def scene(main, spool) -> None:
        await main.enrol()
        await main.say(post(1))
        await main.say(post(2))
        while len(got) < 2:
            await asyncio.sleep(0.01)
        assert got == [b'{"number":1}', b'{"number":2}']

    play(scene)


def test_no_more_than_so_many_wait(play, seonapi) -> None:
    got, open_again = [], asyncio.Event()

    async def answer(request) -> tuple[int, bytes]:
        got.append(request.body)
        await open_again.wait()
        return 204, b""

    seonapi.answers["refused"] = answer

    async def scene(main, spool) -> None:
        await main.enrol()
        await main.say(post(0))
        while not got:
            await asyncio.sleep(0.01)
        for number in range(1, 2 * MOST):
            await main.say(post(number))
        await main.say(c.Resolve("127.0.0.1"))
        await main.hear(c.Resolved)  # all of them were heard
        open_again.set()
        while len(got) < MOST + 1:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert got[-1] == b'{"number":%d}' % MOST

    play(scene)


@pytest.mark.parametrize("answer", [(204, b""), (400, b'{"error":"no order of yours"}')])
def test_the_main_hears_that_orders_were_acknowledged(play, seonapi, answer) -> None:
    seonapi.answers["orders-done"] = lambda _: answer

    async def scene(main, spool) -> None:
        await main.enrol()
        await main.say(c.Post("orders-done", msgspec.Raw(b'{"orders":[]}'), 7))
        assert (await main.hear(c.Posted)).number == 7
        (call,) = [request for request in seonapi.seen if request.path.endswith("orders-done")]
        assert (call.method, call.body) == ("POST", b'{"orders":[]}')

    play(scene)
