from pathlib import Path

import pytest
from django.db import connection

from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.installation import make_master_key
from seon.backend.trust.master_key import check_master_key, has_secrets, require_master_key
from seon.backend.trust.models import Authority
from seon.backend.vault import new_master_key, open_vault


@pytest.fixture(autouse=True)
def keys_are_read_anew() -> None:
    """A program reads its master key once; each of these tests is a start."""
    open_vault.cache_clear()


def test_the_key_of_this_database_is_good(home: Home) -> None:
    assert has_secrets()
    check_master_key()
    assert make_master_key(home.secret_file) == []


def test_a_missing_key_is_asked_for_and_never_made_a_second_time(home: Home) -> None:
    home.secret_file.unlink()
    for act in (check_master_key, lambda: make_master_key(home.secret_file)):
        with pytest.raises(OperatorError, match=r"secret\.key is missing.* Put its copy back there, with mode 600"):
            act()
    assert not home.secret_file.exists()


def test_a_key_of_another_database_is_named_as_such_and_stays(home: Home) -> None:
    home.secret_file.unlink()
    new_master_key(home.secret_file)
    other = home.secret_file.read_bytes()
    for act in (check_master_key, lambda: make_master_key(home.secret_file)):
        with pytest.raises(OperatorError, match="is another one than that of this database"):
            act()
    assert home.secret_file.read_bytes() == other


def test_a_file_that_is_no_key_is_named_as_such(home: Home) -> None:
    home.secret_file.write_text("not a key")
    with pytest.raises(OperatorError, match="is not a master key"):
        check_master_key()


def test_a_database_without_secrets_agrees_with_every_key(home: Home, tmp_path: Path) -> None:
    Authority.objects.all().delete()
    home.secret_file.unlink()
    assert not has_secrets()
    check_master_key()
    (made,) = make_master_key(home.secret_file)
    assert "keep a copy apart" in made


def test_a_database_without_tables_has_no_secrets() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE trust_authority")
    assert not has_secrets()


def test_a_place_without_the_key_names_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r'SEON_SECRET_FILE\. Without any copy: .* "A lost master key"'):
        require_master_key(tmp_path / "absent")
