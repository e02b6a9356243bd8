from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.installation import is_migrated, make_authorities, make_directories
from seon.backend.logs import open_log


def test_the_migrations_make_what_the_models_say() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, verbosity=1, stdout=out)
    assert "No changes" in out.getvalue()


def test_a_database_of_another_version_is_noticed() -> None:
    assert is_migrated()
    call_command("migrate", "journal", "zero", verbosity=0)
    assert not is_migrated()


def test_a_lost_https_key_is_made_again_under_the_same_ca(home: Home) -> None:
    ca = home.api_ca.read_bytes()
    home.https_key.unlink()
    assert make_authorities(home, []) == ["https certificate"]
    assert home.api_ca.read_bytes() == ca


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    home = Home(tmp_path / "file" / "home")
    with pytest.raises(OperatorError, match="file"):
        make_directories(home, home.secret_file)
    with pytest.raises(OperatorError, match=r"seonapi\.log cannot be written"):
        open_log(tmp_path / "absent", "seonapi")
