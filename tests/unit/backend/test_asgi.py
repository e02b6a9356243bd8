"""The limit on bodies, in front of everything else."""

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
