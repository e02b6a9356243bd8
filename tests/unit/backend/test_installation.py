from pathlib import Path

import pytest

from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.installation import make_authorities, make_directories
from seon.backend.logs import open_log


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
