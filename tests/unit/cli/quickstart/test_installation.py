"""The quick start's directory: made once, used again, and made again if that was interrupted."""

import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from seon.cli.quickstart import installation as module
from seon.cli.quickstart import seonapi
from seon.cli.quickstart.installation import OUR_CODE, PARTNER_CODE, Layout, prepare
from seon.cli.quickstart.processes import ProcessError


@dataclass
class Programs:
    """Take the place of Seonapi and server; each command is noted. One that begins with `broken` fails."""

    root: Path
    commands: list[str] = field(default_factory=list)
    broken: str = "never"

    def run(self, arguments: Sequence[str], home: Path | None = None) -> str:
        command = " ".join([Path(arguments[0]).name, *arguments[1:]])
        if command.startswith(self.broken):
            raise ProcessError(command)
        self.commands.append(command)
        if "license issue" in command:
            Path(arguments[-1]).write_text("license")
        return "[]" if "--json" in command else "said VALUE"

    def prepare(self, receive_daemon: str = "") -> tuple[Layout, list[str]]:
        """Return the layout and the commands of one start."""
        self.commands = []
        layout, _, _ = prepare(self.root, receive_daemon, lambda _: None)
        return layout, self.commands


@pytest.fixture
def programs(tmp_path, monkeypatch) -> Programs:
    made = Programs(tmp_path / "run")
    for using in (module, seonapi):
        monkeypatch.setattr(using, "run", made.run)
    return made


def code_in(certificate: Path) -> str:
    subject = x509.load_pem_x509_certificate(certificate.read_bytes()).subject
    return str(subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value)


def test_the_second_start_has_nothing_to_say(programs) -> None:
    _, first = programs.prepare()
    assert any(command.startswith("seonapi init") for command in first)
    layout, second = programs.prepare()
    assert second == []
    assert code_in(layout.certificate("partner")) == PARTNER_CODE
    assert code_in(layout.certificate("proxy")) == OUR_CODE
    assert not (programs.root / "installing").exists()


@pytest.mark.parametrize("broken", ["seonapi init", "seonapi token", "seonapi certificate", "seonapi partner"])
def test_a_first_start_that_was_interrupted_is_made_again(programs, broken) -> None:
    programs.broken = broken
    with pytest.raises(ProcessError):
        programs.prepare()
    rest = programs.root / "seonapi" / "half-made"
    rest.touch()
    programs.broken = "never"
    _, told = programs.prepare()
    assert not rest.exists()
    assert any(command.startswith("seonapi init") for command in told)
    assert programs.prepare()[1] == []


def test_what_was_there_before_the_first_start_is_never_removed(programs) -> None:
    precious = programs.root / "server" / "precious"
    precious.parent.mkdir(parents=True)
    precious.touch()
    programs.broken = "seonapi token"
    with pytest.raises(ProcessError):
        programs.prepare()
    programs.broken = "never"
    programs.prepare()
    assert precious.exists()


def test_an_installation_of_an_earlier_version_is_used_on(programs) -> None:
    layout, _ = programs.prepare()
    notes = layout.root / "settings.json"
    known = json.loads(notes.read_text())
    before = {key: known[key] for key in ("external_address", "external_port", "receive_daemon", "partner")}
    notes.write_text(json.dumps(before | {"outgoing": known["outgoing"].split()[0]}))
    fingerprint = layout.certificate("partner").read_bytes()
    _, told = programs.prepare()
    assert layout.certificate("partner").read_bytes() == fingerprint
    assert [command.split(" --")[0] for command in told] == [
        "seonapi set drain_seconds 3",
        "seonapi listener remove",
        "seonapi listener add",
    ]


def test_the_port_of_a_receive_daemon_that_is_not_started_may_be_taken(programs) -> None:
    programs.prepare()
    ports = (programs.root / "ports.json").read_bytes()
    with socket.create_server(("127.0.0.1", json.loads(ports)["receive"])) as own:
        programs.prepare(receive_daemon=f"127.0.0.1:{own.getsockname()[1]}")
    assert (programs.root / "ports.json").read_bytes() == ports
