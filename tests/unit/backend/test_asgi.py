"""What stands in front of Django: the limit on bodies, and cookies in one header."""

import asyncio
from typing import Any

import pytest

from seon.api_messages import MAX_BODY


async def reading(_: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})


def status(headers: list[tuple[bytes, bytes]], parts: list[bytes]) -> int:
    from seon.backend.asgi import BodyLimit

    sent: list[Any] = []
    queue = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    queue.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Any:
        return queue.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(BodyLimit(reading)({"type": "http", "headers": headers}, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize("length", [b"4194305", b"9" * 30, b"-1", b"1e3"])
def test_an_announced_length_over_the_limit_is_refused_before_a_body_is_read(length: bytes) -> None:
    assert status([(b"Content-Length", length)], []) == 413


def test_what_arrives_is_counted_too() -> None:
    half = bytes(MAX_BODY // 2)
    assert status([], [half, half]) == 200
    assert status([], [half, half, b"x"]) == 413


@pytest.mark.parametrize(
    ("sent", "passed_on"),
    [
        ([], []),
        ([(b"cookie", b"a=1; b=2")], [(b"cookie", b"a=1; b=2")]),
        ([(b"cookie", b"a=1"), (b"host", b"h"), (b"Cookie", b"b=2")], [(b"host", b"h"), (b"cookie", b"a=1; b=2")]),
        ([(b"accept", b"x"), (b"accept", b"y")], [(b"accept", b"x"), (b"accept", b"y")]),
    ],
)
def test_cookies_in_several_headers_of_http2_become_one(
    sent: list[tuple[bytes, bytes]], passed_on: list[tuple[bytes, bytes]]
) -> None:
    from seon.backend.asgi import JoinedCookies

    seen: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])

    asyncio.run(JoinedCookies(application)({"type": "http", "headers": sent}, None, None))
    assert seen == passed_on
