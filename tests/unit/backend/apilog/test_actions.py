from pathlib import Path

import pytest

from seon.backend.acting.actors import owner
from seon.backend.apilog.actions import configure_log
from seon.backend.apilog.models import ApiLog
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError


def test_what_is_not_named_stays_and_each_saving_counts_anew(tmp_path: Path) -> None:
    before = read_version()
    configure_log(owner(), path=str(tmp_path / "api.log"))
    configure_log(owner(), level="TRACE")
    configure_log(owner(), level="trace")
    row = ApiLog.load()
    assert (row.path, row.level, row.revision) == (str(tmp_path / "api.log"), "trace", 3)
    assert configure_log(owner(), path="").path == ""
    assert read_version() == before, "servers and clients need nothing of it"


def test_a_level_that_there_is_not_is_refused() -> None:
    with pytest.raises(OperatorError, match="loud"):
        configure_log(owner(), level="loud")
    assert not ApiLog.objects.exists()
