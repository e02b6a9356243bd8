"""What the installation's Seonapi is told: each thing once, also after a start that was killed."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from seon.cli.quickstart import seonapi as module
from seon.cli.quickstart.processes import ProcessError
from seon.cli.quickstart.seonapi import Seonapi, fingerprint_of


class Fake:
    """Takes the commands that Seonapi would get. `fail`: beginnings of commands that do not work."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.fail: list[str] = []
        self.partners: list[dict[str, object]] = []

    def run(self, arguments: Sequence[str], home: Path | None = None) -> str:
        command = " ".join(arguments[1:])
        self.commands.append(command)
        if any(command.startswith(beginning) for beginning in self.fail):
            raise ProcessError(command)
        return json.dumps(self.partners)

    def told(self) -> list[str]:
        """Return the commands since the last call."""
        told, self.commands = self.commands, []
        return told


@pytest.fixture
def fake(monkeypatch) -> Fake:
    made = Fake()
    monkeypatch.setattr(module, "run", made.run)
    return made


@pytest.fixture
def start(tmp_path):
    """Return what makes the memory of one start: the next one reads what it has noted."""
    return lambda: Seonapi(tmp_path, tmp_path / "settings.json", lambda _: None)


@pytest.fixture
def pem(tmp_path, certificate):
    """Return what makes a certificate's file."""

    def make(name: str) -> Path:
        path = tmp_path / f"{name}.pem"
        path.write_text(certificate(name).pem)
        return path

    return make


def test_a_setting_is_told_once_and_again_when_it_changes(fake, start) -> None:
    for value in ("1", "1", "2"):
        start().set("external_port", value)
    assert fake.told() == ["set external_port 1", "set external_port 2"]


def test_what_failed_is_told_again(fake, start) -> None:
    fake.fail = ["set"]
    with pytest.raises(ProcessError):
        start().set("external_port", "1")
    fake.fail = []
    start().set("external_port", "1")
    assert len(fake.told()) == 2


def test_a_partner_is_added_once_and_follows_its_port(fake, start, pem) -> None:
    path = pem("a")
    assert [start().partner("demo", "A", path, port) for port in ("1", "1", "2")] == ["demo"] * 3
    added, changed = fake.told()
    assert added.startswith("partner add demo ")
    assert "--code A" in added
    assert changed == "partner change demo --port 2"


def test_a_partner_gets_another_code_and_certificate_in_place_of_those_before(fake, start, pem) -> None:
    old, new = pem("a"), pem("b")
    start().partner("demo", "A", old, "1")
    fake.partners = [{"id": "demo", "codes": ["A", "OWN"], "certificates": [fingerprint_of(old), "00"]}]
    fake.told()
    assert start().partner("demo", "B", new, "2") == "demo"
    assert fake.told() == [
        "partner list --json",
        f"partner certificate add demo {new}",
        f"partner certificate remove demo {fingerprint_of(old)}",
        "partner code add demo B",
        "partner code remove demo A",
        "partner change demo --port 2",
    ]


def test_what_a_killed_start_has_changed_of_a_partner_is_not_changed_again(fake, start, pem) -> None:
    start().partner("demo", "A", pem("a"), "1")
    path = pem("b")
    fake.partners = [{"id": "demo", "codes": ["A", "B"], "certificates": [fingerprint_of(path)]}]
    fake.told()
    start().partner("demo", "B", path, "1")
    assert fake.told() == ["partner list --json", "partner code remove demo A"]
    start().partner("demo", "B", path, "1")
    assert fake.told() == []


def test_the_listener_follows_its_port_and_its_partner(fake, start) -> None:
    for port, partner in (("1", "demo"), ("1", "demo"), ("2", "demo"), ("2", "demo-2")):
        start().listener("main", port, partner)
    assert fake.told() == [
        "listener add --client main/127.0.0.1 --port 1 --partner demo",
        "listener remove --client main --port 1",
        "listener add --client main/127.0.0.1 --port 2 --partner demo",
        "listener remove --client main --port 2",
        "listener add --client main/127.0.0.1 --port 2 --partner demo-2",
    ]


def test_a_listener_that_a_killed_start_may_have_added_is_removed_first(fake, start) -> None:
    start().listener("main", "1", "demo")
    fake.fail = ["listener add"]  # in truth it was added, and then the start was killed
    with pytest.raises(ProcessError):
        start().listener("main", "2", "demo")
    fake.fail = ["listener remove"]  # and nothing is there to be removed
    fake.told()
    start().listener("main", "3", "demo")
    *removed, added = fake.told()
    assert sorted(removed) == [f"listener remove --client main --port {port}" for port in (1, 2)]
    assert added.endswith("--port 3 --partner demo")
    start().listener("main", "3", "demo")
    assert fake.told() == []


def test_the_company_s_certificate_is_put_in_use_with_its_key(fake, start) -> None:
    start().own_certificate(Path("/c.pem"), Path("/c.key"))
    assert fake.told() == ["certificate add --chain /c.pem --key /c.key --use"]
