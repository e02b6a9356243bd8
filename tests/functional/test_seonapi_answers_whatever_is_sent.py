"""What is no message, what newer programs say, versions that do not fit: Seonapi answers all of it in its words."""

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import msgspec
import pytest

from functional.seonapi import Installation
from seon.api_messages import Problem
from seon.build import this_build
from seon.config import FORMAT, OLDEST_FORMAT
from seon.events import Severity
from seon.link.identity import new_link_request


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation that is served to all of them."""
    made = Installation(tmp_path_factory.mktemp("serving") / "home")
    made.init()
    made.serve()
    yield made
    made.close()


@pytest.fixture(scope="module")
def token(serving: Installation) -> str:
    return serving.run("token", "add", "malformed")


def problem(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/json"
    return msgspec.json.decode(answer.content, type=Problem).error


DEEP = 100_000
NO_MESSAGES = {
    "deep": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP,
    "deep in a field that nobody knows": b'{"zz":' + b"[" * DEEP,
    "deep behind a field": b'{"csr":"x","build":"b","oldest":1,"newest":1,"zz":' + b"[" * DEEP,
    "deep in an event": b'{"events":[{"id":"a","code":"SRV-END","time":1,"hop":"dmz","zz":' + b"[" * DEEP,
    "a number of many digits": b'{"events":' + b"9" * 10_000 + b"}",
    "a time of many digits": b'{"events":[{"id":"a","code":"SRV-END","time":' + b"9" * 10_000 + b',"hop":"dmz"}]}',
    "a number past all bounds": b'{"events":[{"id":"a","code":"SRV-END","time":1e999,"hop":"dmz"}]}',
    "no number": b'{"events":[{"id":"a","code":"SRV-END","time":NaN,"hop":"dmz"}]}',
    "infinite": b'{"events":[{"id":"a","code":"SRV-END","time":-Infinity,"hop":"dmz"}]}',
    "half a pair": b'{"urls":["\\ud800"],"csr":"\\ud800"}',
    "half a pair as a name": b'{"\\ud800":1}',
    "not UTF-8": b'{"urls":["\xff"],"csr":"\xed\xa0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "octets": bytes(range(256)),
    "nothing": b"",
    "another type": b'"csr"',
}


@pytest.mark.parametrize("call", ["enrol", "sealed-key", "events", "crl-sources", "refused", "live", "orders-done"])
def test_whatever_a_caller_sends_as_a_body_it_is_told_that_this_is_no_message(
    serving: Installation, token: str, call: str
) -> None:
    with serving.caller(token) as api:
        for name, octets in NO_MESSAGES.items():
            answer = api.post(call, content=octets)
            assert answer.status_code == 400, name
            assert "not a valid" in problem(answer)
            assert len(answer.content) < 1_000


@pytest.mark.parametrize(
    "path",
    ["%ED%A0%80", "%FF", "%00", "x" * 3_000, "configuration?known=%ED%A0%80", "configuration?known=" + "9" * 10_000,
     "blobs/" + "%FF" * 64, "configuration?known=1&wait=%00", "configuration?orders=2"],
)  # fmt: skip
def test_whatever_a_caller_asks_for_the_fault_is_not_seonapis(serving: Installation, token: str, path: str) -> None:
    with serving.caller(token) as api:
        for method in ("GET", "POST"):
            assert 400 <= api.request(method, path).status_code < 500
    with serving.caller("seon1.x." + "9" * 3_000) as stranger:
        assert stranger.get("configuration").status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [("x", "9" * 4_000), ("octets_in", "1e308"), ("octets_in", "9" * 4_000), ("ended_by", "1e308"), ("x", '"\\u0000"')],
)
def test_an_event_with_a_value_that_no_database_likes_is_stored(
    serving: Installation, token: str, field: str, value: str
) -> None:
    event = '{"id":"%s","code":"SES-END","time":%s,"hop":"inside","session":"s1","fields":{"%s":%s}}'
    with serving.caller(token) as api:
        for time_said in ("1", "1e308", "-1e308"):
            ours = hashlib.sha256(f"{field}{value}{time_said}".encode()).hexdigest()
            body = '{"events":[%s]}' % (event % (ours, time_said, field, value))
            answer = api.post("events", content=body)
            assert (answer.status_code, answer.content) == (200, b'{"stored":1}'), answer.text


def test_a_client_that_does_not_fit_is_told_which_host_to_upgrade(serving: Installation, token: str) -> None:
    _, csr = new_link_request()
    with serving.caller(token) as api:
        for oldest, newest, older in ((FORMAT + 1, FORMAT + 2, "Seonapi"), (0, OLDEST_FORMAT - 1, "the client")):
            answer = api.post("enrol", json={"csr": csr, "build": "0.0.7", "oldest": oldest, "newest": newest})
            assert answer.status_code == 409
            assert f"upgrade the host of {older}" in problem(answer)
            assert "0.0.7" in problem(answer)
            assert this_build().short in problem(answer)
        fits = {"csr": csr, "build": "b", "oldest": FORMAT, "newest": FORMAT + 1, "added_later": {"a": [1]}}
        assert "license" in problem(api.post("enrol", json=fits)), "only a server is missing here"
        for question, status in (("format=2", 409), ("server_format=0", 409), ("format=4&server_format=999", 200)):
            answer = api.get("configuration?" + question)
            assert answer.status_code == status
            assert status == 200 or "upgrade the host of the " in problem(answer)


def test_an_event_of_a_newer_program_is_stored_and_shown_with_its_values(serving: Installation, token: str) -> None:
    told = {
        "id": "newer-1", "code": "SES-CONFINED", "time": time.time(), "hop": "dmz", "fields": {"by": "seccomp"},
        "cause": {"rules": [1]},
    }  # fmt: skip
    with serving.caller(token) as api:
        assert api.post("events", json={"events": [told]}).content == b'{"stored":1}'
    with closing(sqlite3.connect(serving.home / "seonapi.sqlite3")) as database:
        question = "SELECT severity, text FROM journal_entry WHERE code = 'SES-CONFINED'"
        ((severity, text),) = database.execute(question).fetchall()
    assert severity == Severity.ERROR
    assert "seccomp" in text
