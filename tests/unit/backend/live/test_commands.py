"""`seonapi live`, and the orders on the command line, as click runs them on this process's models."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from django.db import connection
from live_states import ADDRESS, PROXY_ID, SESSION, listener, server, session, state, tell

from seon.api_messages import LiveFile, OrderDone
from seon.backend.live.models import LiveOrder
from seon.backend.live.orders import Place, acknowledge, fetch
from seon.cli.seonapi import main, orders


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def answered(*arguments: str) -> Any:
    return msgspec.json.decode(run(*arguments, "--json").stdout)


@contextmanager
def client_that_says(place: Place, *, done: bool, reason: str = "") -> Iterator[None]:
    """Carry out orders beside, as a client that is linked does."""
    ending = threading.Event()

    def work() -> None:
        while not ending.wait(0.05):
            for order in fetch(place):
                acknowledge(place, [OrderDone(id=order.id, done=done, reason=reason)])
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def test_what_runs_is_shown_in_words() -> None:
    assert "none has told what runs yet" in run("live").stdout
    file = LiveFile(name="ORDERS\x1b[2J", octets=512, size=2_048)
    tell(
        state(
            sessions=(session(file_in=file, octets_in=600),),
            servers=(server(), server(place="west:2878", linked=False, reason="connection refused", proxy_id="")),
            listeners=(listener(), listener(port=3_307, open=False, reason="Address already in use")),
            receive_daemon="sta.example:3305", receive_daemon_reached=False, receive_daemon_reason="refused",
        )
    )  # fmt: skip
    told = run("live").stdout
    for words in (
        "runs", "sta.example:3305, not reached: refused", PROXY_ID, "0.0.0.0:6619 open",
        "not linked: connection refused", "127.0.0.1:3307", "closed: Address already in use", SESSION,
        "ORDERS\\x1b[2J 512/2048",
    ):  # fmt: skip
        assert words in told
    assert "\x1b" not in told
    data = answered("live")
    assert [one["state"] for one in data["servers"]] == ["linked", "not linked: connection refused"]
    assert data["sessions"][0]["octets_in"] == 600


def test_of_a_client_that_is_not_heard_of_nothing_is_said_to_run() -> None:
    tell(age=11)
    data = answered("live")
    assert data["clients"][0]["state"] == "not heard of"
    assert data["servers"][0]["state"] == data["servers"][0]["port"] == data["ports"][0]["state"] == "not known"
    assert data["sessions"] == []


def test_a_command_waits_until_the_client_has_carried_out_its_order() -> None:
    place = Place(tell().pk, ADDRESS)
    with client_that_says(place, done=True, reason="both sides have their ESID"):
        told = run("session", "kill", SESSION[:8], "--reason", "05")
        assert told.exit_code == 0, told.output
        assert told.stdout == f"end session {SESSION} with ESID 05: done: both sides have their ESID\n"
        for command in ("drain", "resume", "end-link"):
            assert answered("client", command, "main")["state"] == "done"
    assert [order.what for order in LiveOrder.objects.order_by("pk")] == ["kill", "drain", "resume", "end-link"]


def test_what_the_client_has_not_done_ends_with_status_1() -> None:
    place = Place(tell().pk, ADDRESS)
    with client_that_says(place, done=False, reason="there is no such session"):
        told = run("session", "kill", SESSION)
    assert told.exit_code == 1
    assert "the client has not done it: there is no such session" in told.stdout


def test_a_command_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "WAIT_SECONDS", 0.3)
    tell()
    told = run("client", "drain", "main")
    assert told.exit_code == 1
    assert "the client has not said" in told.stdout


def test_what_cannot_be_ordered_is_said() -> None:
    assert "No session that runs" in run("session", "kill", "fedcba98").stderr
    assert "heard of are: none" in run("client", "drain", "main").stderr
    assert run("session", "kill", SESSION, "--reason", "02").exit_code == 2
