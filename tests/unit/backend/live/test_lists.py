import pytest
from live_states import ADDRESS, PROXY_ID, SESSION, listener, server, session, state, tell

from seon.backend.acting.actors import owner
from seon.backend.configuration.versioned import raise_version, read_version
from seon.backend.live import lists
from seon.backend.live.models import LastState
from seon.backend.proxies.actions import add_client
from seon.backend.trust.models import Token


def test_what_runs_is_what_the_clients_have_told_last() -> None:
    tell(state(sessions=(session(), session("f" * 32, since=2_000.0)), servers=(server(),), listeners=(listener(),)))
    tell(state(servers=(server(linked=False, reason="connection refused"),)), "other", "10.0.0.6", age=11)
    assert [(one.name, one.address, one.fresh) for one in lists.clients()] == [
        ("main", ADDRESS, True), ("other", "10.0.0.6", False)
    ]  # fmt: skip
    assert [(client.name, one.linked) for client, one in lists.servers()] == [("main", True), ("other", False)]
    assert [live.session.session for live in lists.sessions()] == ["f" * 32, SESSION], "the newest first"
    assert lists.session(SESSION) is not None
    assert lists.session("f" * 31) is None


def test_a_client_has_the_name_that_it_is_configured_with() -> None:
    tell()
    add_client(owner(), "inside1", ADDRESS)
    assert [one.name for one in lists.clients()] == ["inside1"]


def test_sessions_of_a_client_that_is_not_heard_of_are_not_said_to_run() -> None:
    tell(age=11)
    assert lists.sessions() == []


def test_a_client_whose_token_was_withdrawn_is_gone() -> None:
    tell()
    Token.objects.update(withdrawn_at="2026-01-01T00:00:00Z")
    assert lists.clients() == []


def test_which_host_has_the_newest_configuration_is_said_and_why_not() -> None:
    raise_version()
    now = read_version()
    tell(state(version=now, servers=(server(version=now - 1), server(proxy_id="", linked=False, reason="refused"))))
    tell(state(version=now), "other", "10.0.0.6", age=11)
    hosts = [(host.kind, host.name, host.is_newest, host.reason) for host in lists.in_force()]
    assert hosts == [
        ("client", "main", False, "on its way"),
        ("server", PROXY_ID, False, "on its way"),
        ("server", "dmz.example:2878", False, "refused"),
        ("client", "other", False, "the client is not heard of"),
    ]


@pytest.mark.parametrize("kept", [b"", b"{}", b"\xff", b'{"run":"run-00000001","number":1,"build":"0.1","since":"x"}'])
def test_a_state_that_an_older_build_has_kept_hides_no_other_client(kept: bytes) -> None:
    tell()
    tell(name="other")
    LastState.objects.filter(token__name="other").update(state=kept)
    assert [one.name for one in lists.clients()] == ["main"]
