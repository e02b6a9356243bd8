from pathlib import Path

import pytest

from seon.backend.errors import OperatorError
from seon.backend.vault import Vault, derive, new_master_key, read_master_key

MASTER = bytes(range(32))


def test_what_is_encrypted_for_a_record_opens_for_it_alone() -> None:
    stored = Vault(MASTER).encrypt("authority:link", b"secret")
    assert b"secret" not in stored
    assert Vault(MASTER).decrypt("authority:link", stored) == b"secret"
    with pytest.raises(OperatorError, match="authority:api"):
        Vault(MASTER).decrypt("authority:api", stored)
    with pytest.raises(OperatorError):
        Vault(bytes(32)).decrypt("authority:link", stored)


@pytest.mark.parametrize("at", range(0, 35, 3))
def test_one_changed_octet_is_noticed(at: int) -> None:
    stored = bytearray(Vault(MASTER).encrypt("r", b"secret"))
    stored[at] ^= 1
    with pytest.raises(OperatorError):
        Vault(MASTER).decrypt("r", bytes(stored))


@pytest.mark.parametrize("stored", [b"", b"\1", b"\1" + bytes(12)])
def test_a_stump_does_not_open(stored: bytes) -> None:
    with pytest.raises(OperatorError):
        Vault(MASTER).decrypt("r", stored)


def test_the_same_secret_is_never_stored_twice_alike() -> None:
    assert Vault(MASTER).encrypt("r", b"x") != Vault(MASTER).encrypt("r", b"x")


def test_a_master_key_is_private_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key"
    new_master_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(read_master_key(path)) == 32
    with pytest.raises(FileExistsError):
        new_master_key(path)


def test_a_master_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    new_master_key(path)
    path.chmod(0o640)
    with pytest.raises(OperatorError, match="chmod 600"):
        read_master_key(path)


@pytest.mark.parametrize("octets", [b"", b"00" * 31, b"zz" * 32, b"\xff" * 32, b"00" * 100])
def test_a_file_that_is_no_master_key_is_refused(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(octets)
    path.chmod(0o600)
    with pytest.raises(OperatorError, match="not a master key"):
        read_master_key(path)


def test_each_purpose_has_its_own_key() -> None:
    assert derive(MASTER, b"a") != derive(MASTER, b"b") != MASTER
