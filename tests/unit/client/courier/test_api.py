"""Calls to Seonapi: nothing is shown to anybody who is not the one the token names."""

import asyncio
import base64
import hashlib

import httpx
import msgspec
import pytest

from seon import api_messages as a
from seon.build import this_build
from seon.client.courier import api as module
from seon.client.courier.api import Api, ApiError, ApiRefusedError, ApiRejectedError
from seon.config import FORMAT, OLDEST_FORMAT, ClientConfiguration, ProxyConfiguration
from seon.daemon.home import StartError
from seon.process.events import EventMaker

CONFIGURATION = ProxyConfiguration(7, msgspec.Raw(b"{}"), ClientConfiguration())


def play(seonapi, scene, url: str = "", token=None) -> None:
    async def live() -> None:
        async with asyncio.timeout(15), seonapi.serving():
            api = Api(url.format(port=seonapi.port) or seonapi.url, token or seonapi.token)
            try:
                await scene(api)
            finally:
                await api.close()

    asyncio.run(live())


def test_another_kind_of_url_is_refused(seonapi) -> None:
    with pytest.raises(StartError, match="https://"):
        Api("http://host", seonapi.token)


def test_what_is_shown_of_the_url_has_no_password(seonapi) -> None:
    assert Api("https://user:secret@host", seonapi.token).shown == "https://host:443"
    assert Api("https://user:secret@host/base/index.php", seonapi.token).shown == "https://host:443/base"


def test_calls_go_below_the_path_that_the_url_has(seonapi) -> None:
    seonapi.below = "/base"
    seonapi.answers["configuration"] = lambda _: (204, b"")

    async def scene(api) -> None:
        assert await api.configuration(3, 0) is None

    play(seonapi, scene, "https://127.0.0.1:{port}/base/index.php")
    assert [request.path.partition("?")[0] for request in seonapi.seen] == [
        "/base/api/proxy/v1/ca", "/base/api/proxy/v1/configuration"
    ]  # fmt: skip


def test_every_call_carries_the_token_and_the_users_password(seonapi) -> None:
    seonapi.answers["configuration"] = lambda _: (200, msgspec.json.encode(CONFIGURATION))

    async def scene(api) -> None:
        assert await api.configuration(None, 0) == CONFIGURATION

    play(seonapi, scene, "https://us%40er:p%3Aw@127.0.0.1:{port}")
    ca, call = seonapi.seen
    assert call.headers["x-seon-token"] == "s3cret_s3cret-s3cret_s3cret"
    assert base64.b64decode(call.headers["authorization"].split()[1]) == b"us@er:p:w"
    assert ca.path == "/api/proxy/v1/ca"


def test_the_first_contact_shows_nothing(seonapi) -> None:
    seonapi.answers["configuration"] = lambda _: (204, b"")

    async def scene(api) -> None:
        assert await api.configuration(3, 0) is None

    play(seonapi, scene, "https://user:password@127.0.0.1:{port}")
    assert not {"x-seon-token", "authorization", "cookie"} & set(seonapi.seen[0].headers)
    assert seonapi.seen[1].path.endswith("configuration?known=3&wait=0&format=3&server_format=3")


def test_one_in_between_gets_neither_token_nor_password(seonapi, other_seonapi) -> None:
    """It has a CA of its own; that the token names another is found before anything is shown."""

    async def scene(api) -> None:
        with pytest.raises(ApiRefusedError, match="not the one the token names"):
            await api.configuration(None, 0)

    play(other_seonapi, scene, "https://user:password@127.0.0.1:{port}", seonapi.token)
    assert [request.path for request in other_seonapi.seen] == ["/api/proxy/v1/ca"]


def test_one_in_between_that_shows_the_right_ca_is_found_out_too(seonapi, other_seonapi) -> None:
    other_seonapi.answers["ca"] = lambda _: (200, seonapi.ca_pem)

    async def scene(api) -> None:
        with pytest.raises(ApiError, match="certificate verify failed"):
            await api.configuration(None, 0)

    play(other_seonapi, scene, token=seonapi.token)
    assert len(other_seonapi.seen) == 1


def test_the_name_in_the_url_must_be_in_the_certificate(seonapi) -> None:
    told = "certificate is not for localhost: it is for 127.0.0.1.*run `seonapi host add localhost`"

    async def scene(api) -> None:
        with pytest.raises(ApiError, match=told) as error:
            await api.configuration(None, 0)
        assert not isinstance(error.value, ApiRefusedError)

    play(seonapi, scene, "https://localhost:{port}")
    assert [request.path for request in seonapi.seen] == ["/api/proxy/v1/ca"], "the token was shown to nobody"


BASIC = (("WWW-Authenticate", 'Basic realm="door"'),)
DIGEST = (("WWW-Authenticate", "Digest realm=x"),)


@pytest.mark.parametrize(
    ("url", "body", "headers", "told"),
    [
        ("https://127.0.0.1:{port}", b'{"error":"No valid security token"}', BASIC, "^No valid security token$"),
        ("https://127.0.0.1:{port}", b"<html>", BASIC, "reverse proxy.* demands user and password.*-U https://user:pa"),
        ("https://u:s3cret@127.0.0.1:{port}", b"<html>", BASIC, "reverse proxy.* does not accept user and password"),
        ("https://u:s3cret@127.0.0.1:{port}", b"<html>", DIGEST, "reverse proxy.* refuses every call"),
        ("https://127.0.0.1:{port}", b"", (), "reverse proxy.* refuses every call"),
    ],
)
def test_a_wrong_token_and_a_wrong_password_of_a_reverse_proxy_are_told_apart(
    seonapi, url, body, headers, told
) -> None:
    seonapi.answers["configuration"] = lambda _: (401, body)
    seonapi.headers = headers

    async def scene(api) -> None:
        with pytest.raises(ApiRefusedError, match=told) as error:
            await api.configuration(None, 0)
        assert "s3cret" not in str(error.value)
        assert "door" not in str(error.value)

    play(seonapi, scene, url)


def test_a_reverse_proxy_that_shows_nothing_without_a_password_may_show_the_ca_in_its_handshake(seonapi) -> None:
    seonapi.answers["ca"] = lambda _: (401, b"<html>")
    seonapi.answers["configuration"] = lambda _: (204, b"")
    seonapi.headers = BASIC

    async def not_shown(api) -> None:
        with pytest.raises(
            ApiRefusedError, match=r"let it pass GET /api/proxy/v1/ca without one, or append api-ca\.pem"
        ):
            await api.configuration(3, 0)

    async def shown(api) -> None:
        assert await api.configuration(3, 0) is None

    play(seonapi, not_shown)
    seonapi.append_authority()
    play(seonapi, shown, "https://user:password@127.0.0.1:{port}")
    assert "authorization" not in seonapi.seen[-2].headers
    assert "authorization" in seonapi.seen[-1].headers


@pytest.mark.parametrize("octets", [b"", b"<html>", b"\xff" * 100, b"x" * 70_000])
def test_what_answers_like_something_else_is_not_seonapi(seonapi, octets) -> None:
    seonapi.answers["ca"] = lambda _: (200, octets)

    async def scene(api) -> None:
        with pytest.raises(ApiRefusedError, match="not Seonapi"):
            await api.configuration(None, 0)

    play(seonapi, scene)


def test_a_stranger_that_answers_without_end_is_given_up(seonapi, monkeypatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)

    async def never(_) -> tuple[int, bytes]:
        await asyncio.sleep(30)
        return 200, b""

    seonapi.answers["ca"] = never

    async def scene(api) -> None:
        with pytest.raises(ApiError, match="no answer in time"):
            await api.configuration(None, 0)

    play(seonapi, scene)


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (401, b'{"error":"no valid token"}', ApiRefusedError, "no valid token"),
        (404, b'{"error":"not here"}', ApiError, "not here"),
        (404, b"<html>", ApiError, r"no Seonapi \(status 404\).*path in -U"),
        (500, b"<html>oh</html>", ApiError, "status 500"),
        (500, b"\xff", ApiError, "status 500"),
        (302, b"", ApiError, "status 302.*-U must name Seonapi itself"),
        (200, b"nonsense", ApiError, "same version"),
        (200, b'{"version":"\xff"}', ApiError, "same version"),
        (200, b'{"version":1,"server":{},"client":{},"new_setting":1}', ApiError, "same version"),
    ],
)
def test_an_answer_that_is_none_says_what_was_wrong(seonapi, status, body, kind, text) -> None:
    seonapi.answers["configuration"] = lambda _: (status, body)

    async def scene(api) -> None:
        with pytest.raises(kind, match=text):
            await api.configuration(None, 0)

    play(seonapi, scene)


def test_nobody_there_is_an_error_in_words(seonapi) -> None:
    async def live() -> None:
        async with seonapi.serving():
            pass
        api = Api(seonapi.url, seonapi.token)
        with pytest.raises(ApiError, match=r"\w"):
            await api.configuration(None, 0)

    asyncio.run(live())


def test_keys_events_and_certificates_are_asked_for_and_answered(seonapi) -> None:
    wanted = a.SealedKeyWanted("0" * 64 + "px", bytes(1184), bytes(32), bytes(64), "id")
    sealed, enrolled = a.SealedKey("id", b"sealed"), a.Enrolled("c", "ca", ("0" * 64 + "px",), 5, "b", FORMAT, FORMAT)
    batch = a.EventBatch((EventMaker("inside").make("CLI-END"),))

    def answer(kind, expected, answered):
        def check(request) -> tuple[int, bytes]:
            assert msgspec.json.decode(request.body, type=kind) == expected
            return 200, msgspec.json.encode(answered)

        return check

    seonapi.answers["sealed-key"] = answer(a.SealedKeyWanted, wanted, sealed)
    seonapi.answers["enrol"] = answer(a.Enrol, a.Enrol("csr", this_build().short, OLDEST_FORMAT, FORMAT), enrolled)
    seonapi.answers["events"] = answer(a.EventBatch, batch, a.EventsStored(1))

    async def scene(api) -> None:
        assert await api.sealed_key(wanted) == sealed
        assert await api.enrol("csr") == enrolled
        assert await api.store(batch) == 1

    play(seonapi, scene)


def test_a_blob_must_be_what_its_name_says(seonapi) -> None:
    name = hashlib.sha256(b"list").hexdigest()
    seonapi.answers[f"blobs/{name}"] = lambda _: (200, b"list")
    seonapi.answers["blobs/" + "0" * 64] = lambda _: (200, b"list")

    async def scene(api) -> None:
        assert await api.blob(name) == b"list"
        with pytest.raises(ApiError, match="damaged"):
            await api.blob("0" * 64)

    play(seonapi, scene)


def test_a_timeout_has_words() -> None:
    assert module._words(httpx.ReadTimeout("")) == "no answer in time"
    assert module._words(httpx.ConnectError("")) == "ConnectError"


@pytest.mark.parametrize(("status", "rejected"), [(400, True), (413, True), (500, False), (404, False), (503, False)])
def test_what_will_never_be_taken_is_told_from_what_may_be_later(seonapi, status, rejected) -> None:
    seonapi.answers["events"] = lambda _: (status, b'{"error":"why"}')

    async def scene(api) -> None:
        with pytest.raises(ApiError, match="why") as error:
            await api.store(a.EventBatch((EventMaker("inside").make("CLI-END"),)))
        assert isinstance(error.value, ApiRejectedError) is rejected

    play(seonapi, scene)


def test_a_400_that_is_not_seonapis_own_rejects_nothing(seonapi) -> None:
    """A reverse proxy set up wrongly says so to everything; the events must not be set aside for that."""
    seonapi.answers["events"] = lambda _: (400, b"<html>The plain HTTP request was sent to HTTPS port</html>")

    async def scene(api) -> None:
        with pytest.raises(ApiError, match="status 400") as error:
            await api.store(a.EventBatch((EventMaker("inside").make("CLI-END"),)))
        assert not isinstance(error.value, ApiRejectedError)

    play(seonapi, scene)


ODDS = ["tls_garbage", "tls_garbage_at_once", "closes", "closes_in_the_middle", "breaks_off", "no_http", "bad_length",
        "bad_chunks", "bad_gzip"]  # fmt: skip


@pytest.mark.parametrize("running", [False, True], ids=["new connection", "running connection"])
@pytest.mark.parametrize("odd", ODDS)
def test_whatever_goes_wrong_in_a_call_is_an_api_error_and_the_next_call_works(seonapi, odd, running) -> None:
    """TLS errors out of a running connection come through the HTTP client as they are, among others."""
    assert set(ODDS) == set(seonapi.odds)
    good = lambda _: (200, msgspec.json.encode(CONFIGURATION))  # noqa: E731

    async def scene(api) -> None:
        if running:
            seonapi.answers["configuration"] = good
            await api.configuration(None, 0)
        seonapi.answers["configuration"] = lambda _: seonapi.odds[odd]
        with pytest.raises(ApiError, match=r"\w"):
            await api.configuration(None, 0)
        seonapi.answers["configuration"] = good
        assert await api.configuration(None, 0) == CONFIGURATION

    play(seonapi, scene)


@pytest.mark.parametrize("odd", ODDS)
def test_a_stranger_that_answers_badly_is_an_api_error_too(seonapi, odd) -> None:
    seonapi.answers["ca"] = lambda _: seonapi.odds[odd]

    async def scene(api) -> None:
        with pytest.raises(ApiError, match=r"\w"):
            await api.configuration(None, 0)

    play(seonapi, scene)


@pytest.mark.parametrize("path", ["configuration", "enrol", "events"])
@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"error":' + b"[" * 9_000, b'{"x":' + b"[" * 100_000], ids=["deep", "error", "skipped"]
)
def test_deep_json_is_an_answer_that_cannot_be_understood(seonapi, path, status, body) -> None:
    seonapi.answers[path] = lambda _: (status, body)
    batch = a.EventBatch((EventMaker("inside").make("CLI-END"),))

    async def scene(api) -> None:
        calls = {"configuration": api.configuration(None, 0), "enrol": api.enrol("csr"), "events": api.store(batch)}
        mine = calls.pop(path)
        for call in calls.values():
            call.close()
        with pytest.raises(ApiError, match=f"status {status}|same version"):
            await mine

    play(seonapi, scene)


@pytest.mark.parametrize("odd", ["silence", "drops"])
def test_an_answer_that_does_not_come_to_an_end_is_given_up(seonapi, monkeypatch, odd) -> None:
    """Also one that comes in drops: each of them would be in time."""
    monkeypatch.setattr(module, "TRANSFER_SECONDS", 0.4)
    seonapi.answers["configuration"] = lambda _: seonapi.endless[odd]

    async def scene(api) -> None:
        with pytest.raises(ApiError, match="no answer in time"):
            await api.configuration(None, 0)

    play(seonapi, scene)


@pytest.mark.parametrize(
    ("formats", "older"), [((FORMAT + 1, FORMAT + 3), "the client"), ((OLDEST_FORMAT - 1,) * 2, "Seonapi")]
)
def test_a_seonapi_that_does_not_fit_is_named_with_the_host_to_upgrade(seonapi, formats, older) -> None:
    enrolled = a.Enrolled("c", "ca", ("0" * 64 + "px",), 5, "0.0.7, build 19990101", *formats)
    seonapi.answers["enrol"] = lambda _: (200, msgspec.json.encode(enrolled))
    seonapi.answers["configuration"] = lambda _: (200, b'{"version":1,"format":%d,"client":{"new":1}}' % formats[0])

    async def scene(api) -> None:
        with pytest.raises(ApiError, match=rf"0\.0\.7, build 19990101.*upgrade the host of {older}$"):
            await api.enrol("csr")
        with pytest.raises(ApiError, match=f"configuration format {formats[0]}|knows {formats[0]}.*upgrade.*{older}$"):
            await api.configuration(None, 0)

    play(seonapi, scene)


def test_an_answer_that_is_too_long_is_refused(seonapi, monkeypatch) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER", 100_000)
    seonapi.answers["configuration"] = lambda _: (200, b" " * 10_000_000)

    async def scene(api) -> None:
        with pytest.raises(ApiError, match="too long"):
            await api.configuration(None, 0)

    play(seonapi, scene)


def test_a_newer_seonapi_may_add_to_what_it_says_at_enrolment(seonapi) -> None:
    enrolled = a.Enrolled("c", "ca", ("0" * 64 + "px",), 5, "b", FORMAT, FORMAT + 1)
    more = {**msgspec.to_builtins(enrolled), "added_later": [{"x": 1}]}
    seonapi.answers["enrol"] = lambda _: (200, msgspec.json.encode(more))

    async def scene(api) -> None:
        assert await api.enrol("csr") == enrolled

    play(seonapi, scene)


def test_the_servers_part_is_asked_for_in_its_format_and_handed_on_unread(seonapi) -> None:
    raw = b'{"of":["a later year"]}'
    newer = msgspec.structs.replace(CONFIGURATION, server=msgspec.Raw(raw), server_format=FORMAT + 1)
    seonapi.answers["configuration"] = lambda _: (200, msgspec.json.encode(newer))

    async def scene(api) -> None:
        found = await api.configuration(4, 50, FORMAT + 1)
        assert bytes(found.server) == raw

    play(seonapi, scene)
    assert seonapi.seen[1].path.endswith(f"known=4&wait=50&format={FORMAT}&server_format={FORMAT + 1}")
