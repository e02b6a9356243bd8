import asyncio
import sys
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, path

from seon.api_messages import PATH, TOKEN_HEADER
from seon.backend.api import access
from seon.backend.api.access import Caller, anybody_may, clients_may, declared
from seon.backend.trust.tokens import new_token


def test_a_view_that_does_not_say_who_may_call_it_fails_when_the_table_is_built() -> None:
    def forgotten(_: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")

    with pytest.raises(ImproperlyConfigured, match=r"forgotten \(it\) does not say who may call it"):
        declared([path("it", forgotten)])


def test_seonapi_does_not_start_with_such_a_view(monkeypatch: pytest.MonkeyPatch) -> None:
    from seon.backend.api import calls

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
    secret = new_token("main", []).rpartition(".")[2]
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
