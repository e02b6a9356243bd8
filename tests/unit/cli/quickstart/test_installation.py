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
from seon.cli.quickstart.installation import OUR_CODE, PARTNER_CODE, Layout, Stations, prepare
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

    def prepare(self, **stations: str) -> tuple[Layout, list[str]]:
        """Return the layout and the commands of one start."""
        self.commands = []
        layout, _, _ = prepare(self.root, Stations(**stations), lambda _: None)
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


def test_other_codes_go_into_certificates_and_to_seonapi_and_back_again(programs) -> None:
    programs.prepare()
    layout, told = programs.prepare(our_code="OURS", partner_code="THEIRS")
    assert code_in(layout.certificate("partner")) == "THEIRS"
    assert code_in(layout.certificate("proxy")) == "OURS"
    begun = [command.split(" --")[0] for command in told]
    assert [command for command in begun if "seonapi certificate" in command] == ["seonapi certificate add"]
    assert "seonapi partner code add demo-partner THEIRS" in begun
    assert any(command.startswith("seonapi partner certificate add demo-partner ") for command in begun)
    assert not [command for command in begun if "partner add" in command or "listener" in command]
    assert not [command for command in begun if "init" in command or "token" in command]
    layout, _ = programs.prepare()
    assert code_in(layout.certificate("partner")) == PARTNER_CODE


def test_passwords_lie_in_files_of_mode_0600_and_in_no_command(programs) -> None:
    layout, told = programs.prepare(our_password="OURSECR", partner_password="")
    assert layout.our_password.read_text() == "OURSECR"
    assert layout.partner_password.read_text() == ""
    assert {path.stat().st_mode & 0o777 for path in (layout.our_password, layout.partner_password)} == {0o600}
    assert not [command for command in told if "OURSECR" in command]
    layout, told = programs.prepare()
    assert (layout.our_password.read_text(), layout.partner_password.read_text(), told) == ("DEMO", "DEMO", [])


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


@pytest.mark.parametrize("name", ["{precious}", "../precious", "files/../../precious"])
def test_nothing_outside_is_removed_whatever_the_file_of_an_interrupted_start_says(programs, name) -> None:
    """Whoever made the directory may have written that file: it must not choose what is removed."""
    precious = programs.root.parent / "precious"
    for directory in (precious, programs.root / "server", programs.root / "files"):
        directory.mkdir(parents=True)
    (programs.root / "server" / "half-made").touch()
    (programs.root / "installing").write_text(f"server {name.format(precious=precious)}")
    programs.prepare()
    assert precious.exists()
    assert not (programs.root / "server" / "half-made").exists()


def test_an_interrupted_change_is_made_by_the_next_start(programs) -> None:
    programs.prepare()
    programs.broken = "seonapi certificate"
    with pytest.raises(ProcessError):
        programs.prepare(our_code="OURS")
    programs.broken = "never"
    layout, told = programs.prepare()
    assert code_in(layout.certificate("proxy")) == OUR_CODE
    assert [command.split(" --")[0] for command in told] == ["seonapi certificate add"]


def test_an_installation_from_before_codes_could_be_chosen_is_used_on(programs) -> None:
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


def test_nobody_sees_the_passwords_of_stations_in_a_traceback() -> None:
    assert "SECR" not in repr(Stations(our_password="OURSECR", partner_password="THEIRSEC"))
