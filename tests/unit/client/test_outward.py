"""What the client tells the DMZ of the inside: a name that says nothing, and reasons without an address."""

import re
from pathlib import Path

import pytest

from seon.client import outward
from seon.client.outward import client_name, told_outside


@pytest.fixture
def known(monkeypatch, tmp_path) -> Path:
    """A host that is called `inner-host`, with a machine id, and a client in a directory."""
    machine = tmp_path / "machine-id"
    machine.write_text("0123456789abcdef\n")
    monkeypatch.setattr(outward, "_MACHINE", machine)
    monkeypatch.setattr(outward.socket, "gethostname", lambda: "inner-host")
    monkeypatch.setenv("SEON_HOME", str(tmp_path))
    return tmp_path


def test_the_name_holds_neither_host_nor_path(known) -> None:
    assert re.fullmatch(r"client-[0-9a-f]{8}", client_name())


def test_a_client_has_the_same_name_after_a_restart(known) -> None:
    assert client_name() == client_name()


def test_a_client_in_another_directory_has_another_name(known, monkeypatch) -> None:
    before = client_name()
    (known / "second").mkdir()
    monkeypatch.setenv("SEON_HOME", str(known / "second"))
    assert client_name() != before


def test_a_client_on_another_host_has_another_name(known, monkeypatch) -> None:
    before = client_name()
    monkeypatch.setattr(outward.socket, "gethostname", lambda: "other-host")
    assert client_name() != before


def test_the_name_cannot_be_found_by_trying_hosts_and_paths_alone(known) -> None:
    before = client_name()
    (known / "machine-id").write_text("fedcba9876543210\n")
    assert client_name() != before


def test_a_host_without_a_machine_id_has_a_name_too(known) -> None:
    (known / "machine-id").unlink()
    assert re.fullmatch(r"client-[0-9a-f]{8}", client_name())


def test_where_the_receive_daemon_is_stays_inside() -> None:
    told = told_outside("receive daemon: 10.0.0.5 port 3305 cannot be reached: connection refused")
    assert "receive daemon" in told
    assert not re.search(r"\d", told)


def test_other_reasons_are_told_as_they_are() -> None:
    assert told_outside("partner P1 is not known inside or disabled") == "partner P1 is not known inside or disabled"
