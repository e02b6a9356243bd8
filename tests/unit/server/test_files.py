"""The server's two files: what is wrong with them is said, with what to do."""

import os
import re
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from seon.daemon.home import KeyPlace, StartError
from seon.link.identity import issue_license, proxy_id_of
from seon.server.files import KEY_NAME, examine_license, load_identity, load_license, parse_identity


def test_the_identity_key_is_made_at_first_use_for_nobody_else_and_then_stays(tmp_path) -> None:
    umask = os.umask(0)
    try:
        first = load_identity(tmp_path)
    finally:
        os.umask(umask)
    assert load_identity(tmp_path) == first
    assert isinstance(first, bytearray), "so that it can be wiped"
    assert [path.name for path in tmp_path.iterdir()] == [KEY_NAME]
    assert (tmp_path / KEY_NAME).stat().st_mode & 0o777 == 0o600
    assert isinstance(parse_identity(first), Ed25519PrivateKey)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_an_identity_key_that_others_may_read_is_refused(tmp_path, mode) -> None:
    load_identity(tmp_path)
    (tmp_path / KEY_NAME).chmod(mode)
    with pytest.raises(StartError, match="chmod 600"):
        load_identity(tmp_path)


def test_what_is_no_file_or_without_end_is_not_read(tmp_path) -> None:
    path = tmp_path / KEY_NAME
    os.mkfifo(path, 0o600)
    with pytest.raises(StartError, match=f"no file of at most .* octets: look at {path}"):
        load_identity(tmp_path)
    path.unlink()
    path.touch(0o600)
    os.truncate(path, 10**12)
    with pytest.raises(StartError, match="no file of at most"):
        load_identity(tmp_path)


def test_every_message_about_the_key_names_the_directory_and_seon_home(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SEON_HOME", str(tmp_path))
    load_identity(tmp_path)
    (tmp_path / KEY_NAME).chmod(0o644)
    named = re.escape(f"The program's directory is {tmp_path}: SEON_HOME names it.")
    with pytest.raises(StartError, match=named):
        load_identity(tmp_path)
    with pytest.raises(StartError, match=named):
        parse_identity(bytearray(b"nonsense"))


SERVICE = 40_001
"""A number that no user has."""


@pytest.fixture
def of_service(tmp_path):
    """A service user's directory, and this process is root; the superuser really makes it so, others only say so."""
    if os.geteuid() != 0:
        pytest.skip("gives files to another user: needs root")
    os.chown(tmp_path, SERVICE, SERVICE)
    return KeyPlace(tmp_path, SERVICE, SERVICE, "")


def test_a_key_that_root_makes_in_a_service_users_directory_is_that_users(tmp_path, of_service) -> None:
    first = load_identity(tmp_path, place=of_service)
    status = (tmp_path / KEY_NAME).stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (SERVICE, SERVICE, 0o600)
    assert [path.name for path in tmp_path.iterdir()] == [KEY_NAME]
    assert load_identity(tmp_path, place=of_service) == first


def test_in_another_users_directory_root_follows_no_link_and_writes_through_none(tmp_path, of_service) -> None:
    """Its owner could let it lead to a file of root's."""
    of_root = tmp_path / "of-root"
    of_root.mkdir()
    load_identity(of_root)
    target = of_root / KEY_NAME
    before = target.read_bytes()
    (tmp_path / KEY_NAME).symlink_to(target)
    with pytest.raises(StartError, match="symbolic link in another user's directory"):
        load_identity(tmp_path, place=of_service)
    (tmp_path / KEY_NAME).unlink()
    (tmp_path / KEY_NAME).symlink_to(tmp_path / "new")
    with pytest.raises(StartError, match="symbolic link"):
        load_identity(tmp_path, place=of_service)
    assert not (tmp_path / "new").exists()
    assert target.read_bytes() == before
    assert target.stat().st_uid == 0


def test_a_key_of_roots_that_the_service_cannot_read_is_told_with_what_to_type(tmp_path, of_service) -> None:
    load_identity(tmp_path)
    with pytest.raises(StartError, match=f"the service cannot read it; type: chown {SERVICE} {tmp_path / KEY_NAME}"):
        load_identity(tmp_path, place=of_service)


def test_a_directory_that_changes_hands_in_between_gets_no_key(tmp_path, of_service) -> None:
    with pytest.raises(StartError, match="has just got another owner"):
        load_identity(tmp_path, place=KeyPlace(tmp_path, SERVICE + 1, SERVICE, ""))
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_written_is_named(tmp_path) -> None:
    with pytest.raises(StartError, match="cannot be made: No such file"):
        load_identity(tmp_path / "missing")


def pem(key, encryption=None) -> bytearray:
    return bytearray(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))


@pytest.mark.parametrize(
    "octets",
    [
        bytearray(),
        bytearray(b"nonsense"),
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(Ed25519PrivateKey.generate(), serialization.BestAvailableEncryption(b"password")),
    ],
)
def test_an_identity_that_is_none_is_not_replaced_in_silence(octets) -> None:
    with pytest.raises(StartError, match="restore it from a backup"):
        parse_identity(octets)


def test_two_first_starts_at_once_agree_on_one_key(alone, tmp_path) -> None:
    alone(race, tmp_path)


def race(directory: str) -> None:
    reading, writing = os.pipe()
    pids = []
    for _ in range(6):
        pid = os.fork()
        if pid == 0:
            os.write(writing, bytes(load_identity(Path(directory))).ljust(512))
            os._exit(0)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 6
    assert len({os.read(reading, 512) for _ in pids}) == 1


# --- license ---------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path, link_pki):
    path = tmp_path / "seon_proxy.lic"
    path.write_text(link_pki.license)
    path.chmod(0o644)
    return path


def test_a_good_license_is_read(file, link_pki) -> None:
    license_ = load_license(file, link_pki.proxy_id, time.time())
    assert license_.ca_pem == link_pki.ca_pem


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_license_that_group_or_others_may_write_is_refused(file, link_pki, mode) -> None:
    file.chmod(mode)
    with pytest.raises(StartError, match="chmod go-w"):
        load_license(file, link_pki.proxy_id, time.time())


def test_every_refusal_names_the_problem_the_proxy_id_and_what_to_type(file, link_pki, other_link_pki) -> None:
    problems = [
        (file, link_pki.proxy_id, time.time() + 31 * 86_400, "ended at"),
        (file, link_pki.proxy_id, time.time() - 86_400, "valid only from"),
        (file, other_link_pki.proxy_id, time.time(), "another Proxy ID"),
        (file.with_name("missing"), link_pki.proxy_id, time.time(), "No such file"),
    ]
    for path, proxy_id, now, problem in problems:
        with pytest.raises(StartError) as error:
            load_license(path, proxy_id, now)
        assert problem in str(error.value)
        assert f"No valid license in {path}: " in str(error.value)
        assert f"Proxy ID of this server: {proxy_id}" in str(error.value)
        assert f"seonapi license issue {proxy_id}\nPut it there, or name another file with -l" in str(error.value)


def test_all_that_is_wrong_with_a_license_is_said_and_what_it_says_can_be_shown(file, other_link_pki, link_pki) -> None:
    file.chmod(0o666)
    later = time.time() + 31 * 86_400
    found = examine_license(file, other_link_pki.proxy_id, later)
    assert found.license
    assert found.license.proxy_id == link_pki.proxy_id
    wrong = "; and ".join(found.problems)
    assert [word for word in ("chmod go-w", "another Proxy ID", "ended at") if word in wrong] == [
        "chmod go-w",
        "another Proxy ID",
        "ended at",
    ]
    with pytest.raises(StartError, match=re.escape(wrong)):
        load_license(file, other_link_pki.proxy_id, later)


def test_a_license_is_named_so_that_the_command_works_in_any_directory(file, link_pki, monkeypatch) -> None:
    monkeypatch.chdir(file.parent)
    file.chmod(0o666)
    with pytest.raises(StartError, match=rf"No valid license in {file}: .*; type: chmod go-w {file}\."):
        load_license(Path(file.name), link_pki.proxy_id, time.time())


def test_a_license_that_was_changed_is_refused_whichever_octet_it_was(file, link_pki) -> None:
    octets = file.read_bytes()
    lines = octets.splitlines(keepends=True)
    for number in range(len(lines)):
        line = lines[number]
        swapped = line[:9] + (b"A" if line[9:10] != b"A" else b"B") + line[10:]
        file.write_bytes(b"".join([*lines[:number], swapped, *lines[number + 1 :]]))
        with pytest.raises(
            StartError, match=r"not a license|not issued by|another use|another Proxy ID|not Ed25519|key"
        ):
            load_license(file, link_pki.proxy_id, time.time())
    assert len(lines) > 10


def test_a_license_without_end_is_not_read_without_end(link_pki) -> None:
    with pytest.raises(StartError, match="not a file with a license"):
        load_license(Path("/dev/zero"), link_pki.proxy_id, time.time())


def test_what_is_no_file_is_refused_and_holds_nothing_up(tmp_path, link_pki) -> None:
    """The main looks at its license while it serves: a FIFO that nobody writes to must not stop it."""
    os.mkfifo(tmp_path / "fifo")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in (tmp_path / "fifo", tmp_path):
        with pytest.raises(StartError, match="not a file with a license"):
            load_license(path, link_pki.proxy_id, time.time())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_license_that_may_not_be_read_is_said_with_the_user_who_must(file, link_pki, monkeypatch) -> None:
    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(StartError, match=rf"Permission denied; the server runs as user {os.geteuid()}, who must be"):
        load_license(file, link_pki.proxy_id, time.time())


def test_the_keys_proxy_id_is_the_licenses(tmp_path, link_pki) -> None:
    key = parse_identity(load_identity(tmp_path))
    path = tmp_path / "x.lic"
    path.write_text(issue_license(link_pki.ca_key, link_pki.ca, proxy_id_of(key.public_key()), 5))
    path.chmod(0o600)
    load_license(path, proxy_id_of(key.public_key()), time.time())


def given_away(path, monkeypatch) -> None:
    """Make a file another user's: the superuser gives it away, anybody else becomes another."""
    if os.geteuid() == 0:
        os.chown(path, 12_345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12_345)


def test_an_identity_key_of_another_user_is_refused(tmp_path, monkeypatch) -> None:
    """Its owner could give it any mode, and has read it."""
    load_identity(tmp_path)
    given_away(tmp_path / KEY_NAME, monkeypatch)
    with pytest.raises(StartError, match=r"owned by another user; type: chown"):
        load_identity(tmp_path)


def test_a_license_of_another_user_is_refused(tmp_path, monkeypatch) -> None:
    path = tmp_path / "license"
    path.write_text("any")
    path.chmod(0o600)
    given_away(path, monkeypatch)
    with pytest.raises(StartError, match=r"another user owns it; type: chown"):
        load_license(path, "id", time.time())


def test_a_running_server_makes_no_new_identity(tmp_path) -> None:
    """A key that has gone is missed at a renewal: another one would not fit the license and the links."""
    with pytest.raises(StartError, match="cannot be read"):
        load_identity(tmp_path, make=False)
    assert list(tmp_path.iterdir()) == []
