"""What stands in front of Django: prefixes, a line for each call, the limit on bodies, and cookies in one header."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from seon.api_messages import MAX_BODY, PATH


async def reading(_: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})


CALL, PAGE = f"{PATH}events", "/panel/partners/"


def status(headers: list[tuple[bytes, bytes]], parts: list[bytes], path: str = CALL) -> int:
    return answered(headers, parts, path)[0]


def answered(headers: list[tuple[bytes, bytes]], parts: list[bytes], path: str, prefix: str = "") -> tuple[int, bytes]:
    from seon.backend.asgi import BodyLimit

    sent: list[Any] = []
    queue = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    queue.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Any:
        return queue.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(
        BodyLimit(reading)(
            {"type": "http", "path": prefix + path, "root_path": prefix, "headers": headers}, receive, send
        )
    )
    return int(sent[0]["status"]), sent[1]["body"] if len(sent) > 1 else b""


@pytest.mark.parametrize("length", [b"4194305", b"9" * 30, b"-1", b"1e3"])
def test_an_announced_length_over_the_limit_is_refused_before_a_body_is_read(length: bytes) -> None:
    assert status([(b"Content-Length", length)], []) == 413


def test_what_arrives_is_counted_too() -> None:
    half = bytes(MAX_BODY // 2)
    assert status([], [half, half]) == 200
    assert status([], [half, half, b"x"]) == 413


def test_a_program_gets_json_and_a_person_a_page() -> None:
    large = [(b"content-length", b"9999999")]
    assert json.loads(answered(large, [], CALL)[1])["error"] == "A body has at most 4194304 octets"
    code, page = answered(large, [], PAGE, "/seon")
    assert code == 413
    assert b"This is too large" in page
    assert b'href="/seon/panel/"' in page


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


@pytest.mark.parametrize(
    ("path", "prefix", "passed_on"),
    [
        ("/panel/", None, "/panel/"),
        ("/a/b/panel/", "/a/b", "/a/b/panel/"),
        ("/a/panel/", "/a", "/a/panel/"),
        ("/a", "/a", "/a/"),
        ("/ab/panel/", None, "/ab/panel/"),
        ("/", None, "/"),
    ],
)
def test_the_longest_prefix_counts_and_only_as_a_whole(path: str, prefix: str | None, passed_on: str) -> None:
    from seon.backend.asgi import Prefixes

    seen: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    asyncio.run(Prefixes(application, ["/a", "/a/b"])({"type": "http", "path": path}, None, None))
    assert (seen.get("root_path"), seen["path"]) == (prefix, passed_on)


def test_a_call_that_fails_has_its_line_at_debug_too(caplog: pytest.LogCaptureFixture) -> None:
    from seon.backend.asgi import CallLog

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise OSError("went away")

    scope = {"type": "http", "method": "GET", "path": "/x" * 9_000, "client": ("::ffff:10.0.0.7", 5)}
    with caplog.at_level("DEBUG", logger="seon.api"), pytest.raises(OSError, match="went away"):
        asyncio.run(CallLog(broken)(scope, None, None))
    (line,) = caplog.messages
    assert line.endswith("from 10.0.0.7")
    assert ": without an answer in " in line
    assert len(line) < 2_200


@pytest.mark.parametrize(
    ("peer", "said"),
    [("10.9.0.2", "from 10.0.0.5, forwarded by 10.9.0.2"), ("10.8.0.2", "from 10.8.0.2")],
    ids=["a configured proxy", "somebody else"],
)
def test_a_call_s_line_names_who_called_a_reverse_proxy(peer: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    from seon.backend.asgi import CallLog
    from seon.backend.configuration.keys import set_setting

    set_setting("reverse_proxies", "10.9.0.0/24")

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204})

    async def sent(_: Any) -> None:
        pass

    headers = [(b"x-forwarded-for", b"127.0.0.1"), (b"X-Forwarded-For", b"10.0.0.5")]
    scope = {"type": "http", "method": "GET", "path": "/x", "client": (peer, 5), "headers": headers}
    try:
        with caplog.at_level("DEBUG", logger="seon.api"):
            asyncio.run(CallLog(answering)(scope, None, sent))
    finally:  # its thread outlives the test
        asyncio.run(sync_to_async(connections.__delitem__)("default"))
    (line,) = caplog.messages
    assert line.startswith("GET /x: 204 in ")
    assert line.endswith(said)
