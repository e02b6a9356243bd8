"""The commands as click runs them, on this process's models; what needs a process of its own is in tests/functional."""

import errno
import getpass
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.utils import timezone

import certificates
from certificates import parse_license
from seon.backend.configuration.models import Settings, TracedSession
from seon.backend.configuration.versioned import read_version
from seon.backend.home import Home
from seon.backend.journal.models import Entry, Session
from seon.backend.partners.models import Partner
from seon.backend.proxies.models import Listener, ProxyClient, ProxyServer
from seon.backend.trust import license_actions
from seon.backend.trust.models import License
from seon.cli.seonapi import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.rstrip("\n")


def answered(*arguments: str) -> Any:
    return msgspec.json.decode(done(*arguments, "--json"))


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize("kind", ["leaf", "CA", "expired"])
def test_no_certificate_forges_the_sha_256_that_is_compared(tmp_path: Path, kind: str) -> None:
    forged = "\r\x1b[2Kpinned: CN=Acme, SHA-256 00\n\x1b[8m"
    made = certificates.make(forged, ca=kind == "CA", days=-1 if kind == "expired" else 30)
    file = tmp_path / "acme.pem"
    file.write_text(made.pem)
    add = "partner", "certificate", "add", "P1", str(file)
    done("partner", "add", "P1")
    said = [refused(*add)] if kind != "leaf" else []
    said += [done(*add, "--force"), done("partner", "show", "P1")]
    said += [refused("partner", "add", "P2", "--certificate", str(file), "--force")]
    said += [done("partner", "certificate", "remove", "P1", made.fingerprint)]
    for text in said:
        assert all(line.isprintable() for line in text.split("\n"))
        assert not any(line.startswith("pinned: CN=Acme") for line in text.splitlines())
    assert made.fingerprint in said[-1]


def test_a_setting_is_set_and_got() -> None:
    assert done("set", "external_port", "7000") == "external_port = 7000"
    assert done("get", "external_port") == "7000"
    assert answered("get")["external_port"] == Settings.load().external_port == 7_000
    assert "TCP/IP port of OFTP server (TLS). (1 to 65535)" in done("get")


def test_the_verifiers_rules_are_set_for_all_and_for_a_partner() -> None:
    assert done("set", "rules.FLD-XPAD", "ignore") == "rules.FLD-XPAD = ignore"
    assert done("get", "rules.FLD-XPAD") == "ignore"
    assert done("get", "rules.FLD-9/left") == ""
    done("partner", "add", "P1")
    assert done("partner", "set", "P1", "rules.FLD-XPAD", "refuse") == "P1: rules.FLD-XPAD = refuse"
    assert done("partner", "set", "P1", "incoming_names", "A*, B*") == "P1: incoming_names = A*, B*"
    assert answered("partner", "set", "P1", "level_5_only", "yes") == {"id": "P1", "level_5_only": True}
    found = answered("partner", "get", "P1")
    assert (found["rules.FLD-XPAD"], found["incoming_names"], found["secure_authentication"]) == (
        "refuse", ["A*", "B*"], None
    )  # fmt: skip
    assert done("partner", "get", "P1", "level_5_only") == "yes"
    assert answered("get")["rules.FLD-XPAD"] == "ignore"
    assert done("set", "rules.FLD-XPAD", "") == "rules.FLD-XPAD = (as the profile says)"
    assert "rules.FLD-XPAD" not in answered("get")


def test_the_forms_that_a_rule_sets_are_said() -> None:
    assert done("set", "rules.DAT-SIZE", "warn") == "rules.DAT-SIZE = warn (set: DAT-SIZE, DAT-SIZE/one)"
    done("partner", "add", "P1")
    told = done("partner", "set", "P1", "rules.CMD-LEN", "warn")
    assert told.startswith("P1: rules.CMD-LEN = warn (set: CMD-LEN/terminator, ")
    assert told.endswith("cannot be set so: CMD-LEN)")
    assert answered("set", "rules.FLD-X", "warn") == {
        "rules.FLD-X": "warn", "sets": ["FLD-X/case"], "keeps": [], "stays": ["FLD-X"]
    }  # fmt: skip
    done("set", "rules.FLD-X/case", "refuse")
    assert answered("set", "rules.FLD-X", "ignore")["keeps"] == ["FLD-X/case"]
    assert done("set", "rules.FLD-X/case", "") == "rules.FLD-X/case = (as rules.FLD-X says)"
    done("set", "rules.FLD-X/case", "warn")
    told = done("set", "rules.FLD-X", "")
    assert told == "rules.FLD-X = (as the profile says; with a setting of its own as before: FLD-X/case)"


def test_what_is_no_file_cannot_be_declined() -> None:
    assert "cannot be declined" in refused("set", "rules.FLD-XPAD", "decline")
    assert done("set", "rules.POL-NAME", "decline") == "rules.POL-NAME = decline"
    assert "rules.FLD-XPAD" not in answered("get")


def test_a_rule_that_cannot_be_set_is_one_line_that_says_why() -> None:
    done("partner", "add", "P1")
    for command in (("set",), ("partner", "set", "P1")):
        assert "There is no rule 'FLD-NEW'; severities can be set for" in refused(*command, "rules.FLD-NEW", "warn")
        hard = refused(*command, "rules.SEQ-TURN", "ignore")
        assert "Rule SEQ-TURN (the other side has the floor) is always refused" in hard
        assert hard.count("\n") == 1
    assert "There is no partner 'P9'" in refused("partner", "get", "P9")
    assert "partner get ID` shows all" in refused("partner", "set", "P1", "colour", "blue")


def test_the_rules_that_can_be_set_are_listed_with_what_they_mean() -> None:
    assert answered("rules")["FLD-X/case"] == {
        "meaning": "lower case or underscore in an X field", "default": "warn", "strict": "refuse",
        "can_be": ["refuse", "warn", "ignore"],
    }  # fmt: skip
    assert "lower case or underscore" in done("rules")


def test_a_running_session_is_traced() -> None:
    Session.objects.create(session="0123456789abcdef", started_at=timezone.now())
    assert done("trace", "01234567", "on") == "trace of session 0123456789abcdef switched on"
    assert TracedSession.objects.get().session == "0123456789abcdef"
    assert answered("trace", "01234567", "off") == {"session": "0123456789abcdef", "trace": False}
    assert not TracedSession.objects.exists()
    assert "No session that runs" in refused("trace", "fedcba98", "on")


def test_a_wrong_value_is_one_line_that_names_what_is_allowed() -> None:
    assert refused("set", "external_port", "0") == "Error: external_port cannot be '0'; allowed: 1 to 65535\n"
    assert refused("get", "colour").count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("partner", "add", "P2", "--host", "p2.example:6619"), ("host: ", "'p2.example' alone", "port '6619'")),
        (("partner", "change", "P1", "--host", "10.1.2"), ("host: ", "four numbers")),
        (("partner", "set", "P1", "host", "256.1.1.1"), ("host: ", "0 to 255")),
        (("set", "outgoing_address", "10.0.0.1:0"), ("outgoing_address: ", "'10.0.0.1' alone")),
        (("set", "external_address", "fe80::1%eth0"), ("external_address: ", "zone")),
        (("set", "receive_daemon", "10.1.2:3305"), ("receive_daemon: ", "four numbers")),
        (("listener", "add", "--client", "main/10.1.2", "--port", "1", "--partner", "P1"), ("main: ", "four numbers")),
        (
            ("listener", "add", "--client", "main/::1", "--port", "1", "--partner", "P1", "--address", "::1%1"),
            ("address: ", "zone"),
        ),
        (("init", "--host", "seonapi.example:8443"), ("--host: ", "'seonapi.example' alone")),
        (("init", "--host", "seonapi.example", "--host", "256.1.1.1"), ("--host: ", "0 to 255")),
    ],
)
def test_a_host_or_address_that_is_none_is_one_line_with_its_key_and_changes_nothing(
    arguments: tuple[str, ...], told: tuple[str, ...]
) -> None:
    done("partner", "add", "P1", "--host", "p1.example")
    before = read_version()
    said = refused(*arguments)
    assert said.count("\n") == 1
    assert all(part in said for part in told)
    assert read_version() == before
    assert not User.objects.exists()
    assert not ProxyClient.objects.exists()


def test_init_makes_nothing_where_a_host_is_wrong(tmp_path: Path) -> None:
    refused("init", "--home", str(tmp_path / "other"), "--host", "https://seonapi.example")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("address", ["localhost:8443", "10.1.2:8443", "10.0.0.1", "[fe80::1%eth0]:8443", "239.0.0.1:1"])
def test_seonapi_listens_on_a_literal_address_only(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seon.backend.logs.open_log", lambda directory, name, level: directory / name)
    said = refused("serve", "--listen", address)
    assert said.startswith("Error: --listen: ")
    assert said.count("\n") == 1


def test_a_host_of_an_older_version_hinders_no_other_change() -> None:
    done("partner", "add", "P1")
    Partner.objects.update(host="p1.example:6619")
    assert answered("partner", "list")[0]["host"] == "p1.example:6619"
    done("partner", "disable", "P1")
    done("partner", "set", "P1", "trace", "yes")
    assert not Partner.objects.get().enabled
    assert "host: " in refused("partner", "change", "P1", "--host", "p2.example:6619")
    assert "host: " in refused("partner", "set", "P1", "host", "p1.example:6619")
    assert Partner.objects.get().host == "p1.example:6619"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty directory."""
    directory = tmp_path / "place"
    directory.mkdir()
    return directory


def test_a_license_goes_to_a_file_that_nobody_else_may_write(proxy_id: str, place: Path) -> None:
    out = place / "seon_proxy.lic"
    out.write_text("an older license")
    said = done("license", "issue", proxy_id, "--days", "30", "--out", str(out))
    assert str(out) in said
    license_ = parse_license(out.read_bytes(), proxy_id)
    assert said.endswith(f"\nLink CA (SHA-256): {license_.ca_fingerprint}"), "as `seon_proxyserver2 -V` shows it"
    assert stat.S_IMODE(out.stat().st_mode) == 0o644
    assert list(place.iterdir()) == [out]
    assert getpass.getuser() in License.objects.get().issued_by


def test_a_license_without_a_file_is_printed_and_its_link_ca_beside_it(proxy_id: str) -> None:
    result = run("license", "issue", proxy_id)
    license_ = parse_license(result.stdout.encode(), proxy_id)
    assert result.stdout.startswith("-----BEGIN CERTIFICATE-----\n")
    assert result.stderr == f"Link CA (SHA-256): {license_.ca_fingerprint}\n"


def test_a_license_is_issued_for_programs_too(proxy_id: str) -> None:
    result = run("license", "issue", proxy_id, "--json")
    assert result.stderr == ""
    answer = msgspec.json.decode(result.stdout)
    license_ = parse_license(answer["license"].encode(), proxy_id)
    assert (answer["proxy_id"], answer["serial"], answer["link_ca"]) == (
        proxy_id, license_.serial, license_.ca_fingerprint
    )  # fmt: skip


def nothing_was_issued() -> bool:
    return not (License.objects.exists() or ProxyServer.objects.exists() or Entry.objects.exists())


def test_a_license_that_cannot_be_written_is_not_issued(
    proxy_id: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def issue_to(path: Path) -> str:
        return refused("license", "issue", proxy_id, "--out", str(path))

    assert "not a directory" in issue_to(place / "absent" / "lic")
    assert "is a directory; name a file in it" in issue_to(place)
    assert "Proxy ID" in refused("license", "issue", "abc", "--out", str(place / "lic"))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert "lic cannot be written: No space left on device; nothing was done" in issue_to(place / "lic")
    assert nothing_was_issued()
    assert list(place.iterdir()) == []


def full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_license_that_cannot_be_recorded_leaves_the_file_as_it_was(
    proxy_id: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = place / "seon_proxy.lic"
    out.write_text("the license before")
    real = license_actions.new_license

    def recorded(*arguments: Any) -> License:
        real(*arguments)
        assert out.read_text() == "the license before", "nobody sees what may be void yet"
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(license_actions, "new_license", recorded)
    assert "disk is full" in refused("license", "issue", proxy_id, "--out", str(out))
    assert [(path.name, path.read_text()) for path in place.iterdir()] == [(out.name, "the license before")]


def test_a_license_that_was_issued_and_cannot_be_put_in_its_place_is_named(
    proxy_id: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = license_actions.new_license

    def issued_meanwhile(*arguments: Any) -> License:
        (place / "lic").mkdir()
        return real(*arguments)

    monkeypatch.setattr(license_actions, "new_license", issued_meanwhile)
    said = refused("license", "issue", proxy_id, "--out", str(place / "lic"))
    assert "lic cannot be written: Is a directory; it was issued: `seonapi license show " in said
    serial = License.objects.get().serial
    assert f"show {serial} --json` has it" in said
    assert "BEGIN CERTIFICATE" in answered("license", "show", serial)["license"]


def test_a_partner_is_added_and_listed(certificate_of: Callable[..., Any], tmp_path: Path) -> None:
    pem = tmp_path / "p1.pem"
    pem.write_bytes(certificate_of("P1").pem.encode())
    said = done("partner", "add", "P1", "--code", "O1", "--code", "O2", "--certificate", str(pem)).splitlines()
    assert said[0] == "partner P1 added"
    assert said[1].startswith("pinned: CN=P1, issuer CN=P1, serial ")
    assert "not admitted" in done("partner", "add", "P2", "--name", "Two", "--host", "p2.example", "--port", "7000")
    first, second = answered("partner", "list")
    assert (first["codes"], len(first["certificates"])) == (["O1", "O2"], 1)
    assert (second["name"], second["host"], second["port"]) == ("Two", "p2.example", 7_000)
    assert "P1" in done("partner", "list")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    absent, large, text = tmp_path / "absent", tmp_path / "large", tmp_path / "text"
    large.write_bytes(bytes(1024 * 1024 + 1))
    text.write_text("no certificate")
    assert f"{absent} cannot be read: there is no such file" in refused(
        "partner", "add", "P1", "--certificate", str(absent)
    )
    assert "more than" in refused("partner", "add", "P1", "--certificate", str(large))
    assert "No certificate" in refused("partner", "add", "P1", "--certificate", str(text))
    assert not Partner.objects.exists()


def test_init_changes_nothing_the_second_time(home: Home, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("a long enough password\n")
    first = answered("init", "--password-file", str(password))
    assert (first["made"], first["password"]) == (["administrator admin"], None)
    assert User.objects.get().check_password("a long enough password")
    assert User.objects.get().groups.get().name == "administrator"
    before = {file: file.read_bytes() for file in home.path.iterdir() if file.suffix in {".key", ".pem"}}
    assert len(before) == 4
    assert answered("init")["made"] == []
    assert done("init") == f"{home.path} is complete: nothing changed"
    assert before == {file: file.read_bytes() for file in before}


def test_a_password_made_up_by_init_is_shown_once(home: Home) -> None:
    answer = answered("init", "--user", "anna")
    assert User.objects.get(username="anna").check_password(answer["password"])
    assert answered("init", "--user", "anna")["password"] is None


def test_init_gives_the_role_to_administrators_of_an_older_installation() -> None:
    User.objects.create_superuser("anna")
    User.objects.create_user("berta", is_staff=True)
    assert answered("init", "--user", "anna")["made"] == ["role administrator of user anna"]
    assert User.objects.get(username="anna").groups.get().name == "administrator"
    assert not User.objects.get(username="berta").groups.exists()
    assert answered("init", "--user", "anna")["made"] == []


def test_init_makes_no_second_administrator_unless_it_is_asked_for(home: Home) -> None:
    done("init", "--home", str(home.path), "--user", "anna")
    assert "nothing changed" in done("init", "--home", str(home.path))
    assert [user.username for user in User.objects.all()] == ["anna"]
    assert "made administrator bob" in done("init", "--home", str(home.path), "--user", "bob")


def test_a_setting_that_is_not_there_is_answered_with_the_nearest_and_where_all_are() -> None:
    done("partner", "add", "P1")
    assert "do you mean idle_seconds" in refused("set", "idle_second", "3")
    said = refused("set", "x" * 500, "3")
    assert "`seonapi settings list` shows all" in said
    assert len(said) < 200
    assert "do you mean host? `seonapi partner get ID` shows all" in refused("partner", "set", "P1", "hots", "3")


def test_a_short_password_makes_no_administrator(tmp_path: Path) -> None:
    short = tmp_path / "password"
    short.write_text("short\n")
    assert "12 characters" in refused("init", "--password-file", str(short))
    assert not User.objects.exists()


@pytest.mark.parametrize("command", [("get",), ("serve",), ("queue", "--once"), ("token", "new", "x")])
def test_without_an_installation_every_command_says_what_to_do(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "seonapi init --home" in refused(*command, "--home", str(tmp_path / "absent"))
    monkeypatch.setenv("SEON_HOME", "")
    assert "--home DIRECTORY or set SEON_HOME" in refused(*command)


def test_a_round_of_the_queue_daemon_can_be_asked_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seon.backend.logs.open_log", lambda directory, name, level: directory / name)
    assert "ignore-rules: nothing to do" in done("queue", "--once").splitlines()


def test_help_loads_no_django() -> None:
    import subprocess
    import sys

    code = "import sys, seon.cli.seonapi; print([m for m in ('django', 'granian', 'cryptography') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_the_jobs_of_the_queue_daemon_are_listed_shown_and_run() -> None:
    assert done("queue", "run", "expiry") == "job expiry: nothing to do"
    listed = {row["name"]: row for row in answered("queue", "list")}
    assert listed["expiry"]["state"] == "good"
    assert listed["expiry"]["next_run"] > listed["expiry"]["last_run"]
    assert listed["events"]["state"] == "new"
    assert "remove events that are older" in done("queue", "list")
    assert answered("queue", "show", "expiry")["runs"] == "hourly"
    assert "There is no job 'x'; there are: " in refused("queue", "run", "x")
    assert "There is no job 'x'; there are: " in refused("queue", "show", "x")


def test_a_job_that_fails_is_said_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    from seon.backend.queue import jobs

    monkeypatch.setattr(jobs, "JOBS", (jobs.Work("expiry", "x", fails, jobs.SLICE),))
    said = refused("queue", "run", "expiry")
    assert said.startswith("Error: Job expiry failed: OSError: [Errno 28] No space left on device")
    assert {job["name"]: job["state"] for job in answered("queue", "list")}["expiry"] == "failed"


def test_the_queue_daemon_has_the_name_of_its_program_too() -> None:
    from seon.cli.seonapi import send_queue

    told = CliRunner().invoke(send_queue, ["--help"]).stdout
    assert told.startswith("Usage: seon_sendqueue")
    assert "Seon send queue time slice" in told
    assert all(option in told for option in ("--home", "--once", "--log-level", "--replace-stale-pid"))


@pytest.fixture
def two_partners(certificate_of: Callable[..., Any], tmp_path: Path) -> Path:
    """P1 and P2, each with a code; returns a file with another certificate of P1's and the CA above it."""
    done("partner", "add", "P1", "--code", "O1", "--network", "10.0.0.0/8", "--notes", "call first")
    done("partner", "add", "P2", "--code", "O2")
    ca = certificate_of("CA", ca=True)
    file = tmp_path / "bundle.pem"
    file.write_text(ca.pem + certificate_of("Acme", issuer=ca).pem)
    return file


def test_codes_networks_and_certificates_come_and_go_one_by_one(two_partners: Path) -> None:
    assert done("partner", "code", "add", "P1", "O3") == "codes of partner P1: O1, O3"
    assert "O2 is a code of partner P2 already; a provider" in refused("partner", "code", "add", "P1", "O2")
    assert done("partner", "code", "remove", "P1", "O1") == "codes of partner P1: O3"
    assert "may show every code" in refused("partner", "code", "remove", "P1", "O3")
    assert "every code" in done("partner", "code", "remove", "P1", "O3", "--force")
    assert done("partner", "network", "add", "P1", "192.0.2.7") == "networks of partner P1: 10.0.0.0/8, 192.0.2.7/32"
    assert answered("partner", "network", "remove", "P1", "10.0.0.0/8")["networks"] == ["192.0.2.7/32"]
    pinned = answered("partner", "certificate", "add", "P1", str(two_partners))["pinned"]
    assert [one["subject"] for one in pinned] == ["CN=Acme"]
    assert "certificate of partner P1 already; a provider" in refused(
        "partner", "certificate", "add", "P2", str(two_partners)
    )
    said = done("partner", "show", "P1")
    for part in ("every code", "192.0.2.7/32", pinned[0]["sha256"], "call first"):
        assert part in said
    assert "not admitted now" in done("partner", "certificate", "remove", "P1", pinned[0]["sha256"][:12])


def test_a_partner_is_switched_off_and_on() -> None:
    done("partner", "add", "P1")
    assert done("partner", "disable", "P1") == "partner P1 disabled; its sessions end"
    assert "P1    disabled" in done("partner", "list")
    assert answered("partner", "enable", "P1") == {"id": "P1", "enabled": True}
    assert Partner.objects.get().enabled


def test_a_partner_is_removed_after_it_was_said_what_goes_along(two_partners: Path) -> None:
    done("listener", "add", "--client", "main/::1", "--port", "4305", "--partner", "P1")
    said = refused("partner", "remove", "P1")
    assert "and with it: 1 SSID code, 1 listening port. Nothing was removed: say --yes" in said
    assert Partner.objects.count() == 2
    assert answered("partner", "remove", "P1", "--yes")["with"] == {"SSID code": 1, "listening port": 1}
    assert not Listener.objects.exists()
    assert done("partner", "remove", "P2", "--yes") == "partner P2 removed, with: 1 SSID code"


def test_on_a_terminal_a_removal_is_asked_about(monkeypatch: pytest.MonkeyPatch, two_partners: Path) -> None:
    monkeypatch.setattr("seon.cli.seonapi.partner.at_a_terminal", lambda: True)
    result = CliRunner().invoke(main, ["partner", "remove", "P1"], input="n\n")
    assert "with it: 1 SSID code. Remove it? [y/N]" in result.stderr
    assert Partner.objects.count() == 2
    assert CliRunner().invoke(main, ["partner", "remove", "P1"], input="y\n").exit_code == 0
    assert Partner.objects.get().identifier == "P2"


def test_what_is_to_be_changed_of_a_partner_is_said_or_the_command_is_refused() -> None:
    done("partner", "add", "P1")
    assert done("partner", "change", "P1", "--port", "7000", "--notes", "new") == "partner P1 changed: notes, port"
    assert "Nothing to change is given" in refused("partner", "change", "P1")
    assert answered("partner", "show", "P1")["notes"] == "new"
