"""Logging: file and level of the API log are chosen in the panel, and it says where it is written now."""

from pathlib import Path

import pytest
from page_forms import Pages

from seon.backend import logs
from seon.backend.apilog.models import ApiLog
from seon.backend.home import Home
from seon.backend.journal.recording import record

PAGE = "/panel/configuration/logging/"


def test_file_and_level_are_chosen_under_their_names(tmp_path: Path) -> None:
    pages = Pages()
    assert "Absolute path to logfile of Seon API" in pages.open(PAGE)
    assert "obeys within a second" in pages.send(PAGE, "log", path=str(tmp_path / "api.log"), level="debug")
    row = ApiLog.load()
    assert (row.path, row.level, row.revision) == (str(tmp_path / "api.log"), "debug", 1)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("api.log", "absolute path"),
        ("/no/such/directory/api.log", "needs a directory that is there"),
        ("/etc/passwd", "cannot be used"),
        ("/tmp/a\0b", "Null characters"),
        ("/tmp/" + "x" * 1_000, "at most 1000 characters"),
    ],
)
def test_a_file_that_cannot_be_the_log_is_refused_at_its_field(path: str, told: str) -> None:
    page = Pages().send(PAGE, "log", path=path)
    assert told in page
    assert 'id="id_path_error"' in page
    assert not ApiLog.objects.exists()


def test_it_asks_for_the_password_again() -> None:
    pages = Pages()
    form = pages.forms(PAGE)["log"]
    session = pages.client.session
    session["seon_password_entered"] = 0
    session.save()
    assert "Enter your password once more" in pages.post(PAGE, {**form, "level": "debug"})
    assert not ApiLog.objects.exists()


def test_it_is_said_where_the_log_is_written_and_why_not(home: Home, tmp_path: Path) -> None:
    logs.open_log(home.path / "log", "seonapi")
    pages = Pages()
    assert str(home.path / "log" / "seonapi.log") in pages.open(PAGE, part="now")
    assert "none in the last 30 days" in pages.open(PAGE, part="now")
    file = logs.api_log()
    assert file is not None
    file.fall_back(OSError(28, "No space left on device"))
    record("LOG-AWAY", file="/var/log/x.log", host="h1", reason="<b>full", own="/own.log")
    part = pages.open(PAGE, part="now")
    assert "No space left on device" in part
    assert "&lt;b&gt;full" in part
    assert "it works again" not in part
    record("LOG-BACK", file="/var/log/x.log", host="h1")
    assert "it works again" in pages.open(PAGE, part="now")


def test_the_operator_may_choose_it_and_the_auditor_only_looks() -> None:
    assert "log" in Pages("operator").forms(PAGE)
    auditor = Pages("auditor", "carl")
    assert not auditor.forms(PAGE)
    auditor.post(PAGE, {"do": "log", "path": "", "level": "debug"})
    assert not ApiLog.objects.exists()
