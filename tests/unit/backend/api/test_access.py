import asyncio
import logging
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.utils import timezone

from seon.api_messages import PATH, TOKEN_HEADER
from seon.backend.acting.actors import owner
from seon.backend.api import access, calls
from seon.backend.api.access import Caller, anybody_may, clients_may, declared
from seon.backend.api.problems import log
from seon.backend.api.refusals import Refusals
from seon.backend.configuration.keys import set_setting
from seon.backend.configuration.versioned import read_version
from seon.backend.logs import write_always
from seon.backend.proxies.actions import add_client
from seon.backend.trust.models import TokenUse
from seon.backend.trust.token_actions import new_token, withdraw_token


def test_a_view_that_does_not_say_who_may_call_it_fails_when_the_table_is_built() -> None:
    def forgotten(_: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")

    with pytest.raises(ImproperlyConfigured, match=r"forgotten \(it\) does not say who may call it"):
        declared([path("it", forgotten)])


def test_seonapi_does_not_start_with_such_a_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "events", lambda _: HttpResponse("stored"))
    monkeypatch.delitem(sys.modules, "seon.backend.api.urls", raising=False)
    with pytest.raises(ImproperlyConfigured, match="does not say who may call it"):
        import seon.backend.api.urls  # noqa: F401


def test_every_path_of_the_api_says_who_may_call_it() -> None:
    of_the_api = [
        pattern for before, pattern in patterns(get_resolver("seon.backend.urls")) if f"/{before}".startswith(PATH)
    ]
    assert len(of_the_api) > 7
    assert declared(of_the_api) == of_the_api


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield before, pattern
        else:
            yield from patterns(pattern, before + str(pattern.pattern))


@anybody_may("GET")
def open_call(_: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


@clients_may("POST")
def closed_call(_: HttpRequest, caller: Caller) -> HttpResponse:
    return HttpResponse(caller.token.name)


@clients_may("GET")
async def waiting_call(_: HttpRequest, caller: Caller) -> HttpResponse:
    return HttpResponse(caller.token.name)


ask = RequestFactory()


def test_without_a_token_only_what_is_declared_open_answers() -> None:
    assert open_call(ask.get("/")).content == b"open"
    assert closed_call(ask.post("/")).status_code == 401
    assert asyncio.run(waiting_call(ask.get("/"))).status_code == 401


def test_the_caller_is_told_to_the_view() -> None:
    secret = new_token(owner(), "main", []).rpartition(".")[2]
    assert closed_call(ask.post("/", headers={TOKEN_HEADER: secret})).content == b"main"


def test_another_method_is_refused_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "admit", lambda _: pytest.fail("the caller was looked up"))
    assert open_call(ask.post("/")).status_code == 405
    assert closed_call(ask.get("/")).status_code == 405


def test_what_a_view_raises_is_answered_as_a_problem() -> None:
    @anybody_may(None)
    def broken(_: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError("inner detail")

    @anybody_may(None)
    async def broken_later(_: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError("inner detail")

    for answered in (broken(ask.get("/")), asyncio.run(broken_later(ask.get("/")))):
        assert (answered.status_code, b"inner" in answered.content) == (500, False)


@pytest.fixture(autouse=True)
def no_refusals_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test be the first one that is refused: lines of a source are limited."""
    monkeypatch.setattr(access, "refusals", Refusals(lambda line: write_always(log, logging.WARNING, line)))


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "AUD-TOKEN" in record.getMessage()]


def test_a_refusal_says_source_and_reason_and_never_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    set_setting("reverse_proxies", "127.0.0.1")
    secret = new_token(owner(), "main").rpartition(".")[2]
    closed_call(ask.post("/"))
    closed_call(ask.post("/", headers={TOKEN_HEADER: "a-guess", "X-Forwarded-For": "10.0.0.5"}))
    withdraw_token(owner(), "main")
    answer = closed_call(ask.post("/", headers={TOKEN_HEADER: secret}))
    none, unknown, withdrawn = refusals(caplog)
    assert "from 127.0.0.1: no security token; /" in none
    assert "from 10.0.0.5 through the proxy 127.0.0.1: unknown security token; /" in unknown
    assert "from 127.0.0.1: the security token main was withdrawn; /" in withdrawn
    assert not any(text in line for line in refusals(caplog) for text in (secret, "a-guess"))
    assert b"withdrawn" not in answer.content, "who calls without a right learns no more than that"


def test_a_token_of_one_client_counts_from_its_address_only(caplog: pytest.LogCaptureFixture) -> None:
    add_client(owner(), "main", "10.0.0.5")
    secret = new_token(owner(), "t", client="main").rpartition(".")[2]
    for address, status in (("10.0.0.5", 200), ("10.0.0.6", 401)):
        answer = closed_call(ask.post("/", headers={TOKEN_HEADER: secret}, REMOTE_ADDR=address))
        assert answer.status_code == status
    (line,) = refusals(caplog)
    assert "from 10.0.0.6: the security token t is for the client main (10.0.0.5) only" in line


def test_the_last_use_of_a_token_is_noted_with_its_address() -> None:
    secret = new_token(owner(), "main").rpartition(".")[2]
    closed_call(ask.post("/", headers={TOKEN_HEADER: secret}, REMOTE_ADDR="::1"))
    assert TokenUse.objects.get().address == "127.0.0.1"


def test_a_waiting_call_ends_when_its_token_expires() -> None:
    started = time.monotonic()  # a clock that may be set tells nothing here
    secret = new_token(owner(), "main", expires_at=timezone.now() + timedelta(seconds=0.6)).rpartition(".")[2]
    request = ask.get(f"/configuration?known={read_version()}&wait=30", headers={TOKEN_HEADER: secret})
    answer = asyncio.run(calls.configuration(request))
    assert answer.status_code == 401
    assert 0.4 < time.monotonic() - started < 5.6
