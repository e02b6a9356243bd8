"""Events: the event script is chosen, tried, and its runs are seen with output and exit status."""

import stat
from pathlib import Path

import pytest
from page_forms import Pages

from seon.backend.acting.actors import owner
from seon.backend.journal.models import Entry
from seon.backend.script import runs
from seon.backend.script.actions import set_script
from seon.backend.script.actions import test_script as try_script
from seon.backend.script.models import RunState, ScriptRun, ScriptSettings
from seon.backend.script.processes import Result

PAGE = "/panel/configuration/events/"


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "on-event"
    path.write_text("#!/bin/sh\necho hello\n")
    path.chmod(stat.S_IRWXU)
    return str(path)


def ended(run: ScriptRun, status: int, output: bytes) -> None:
    runs.note_ends([(run, Result(status, 0.1, output, dropped=0, too_slow=False))])


def test_the_script_is_chosen_and_taken_away_under_its_name(script: str) -> None:
    pages = Pages()
    assert "Seon API proxy system log event script" in pages.open(PAGE)
    assert "Saved." in pages.send(PAGE, "script", path=script, seconds="5", at_once="2", collapse_seconds="60")
    row = ScriptSettings.load()
    assert (row.path, row.seconds, row.at_once, row.collapse_seconds) == (script, 5, 2, 60)
    try_script(owner())
    assert "1 runs that waited do not take place" in pages.send(PAGE, "script", path="", seconds="7")
    assert (ScriptSettings.load().path, ScriptSettings.load().seconds) == ("", 7)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("path", "on-event", "absolute path"),
        ("path", "/no/such/script", "cannot be used"),
        ("path", "/etc/passwd", "not executable"),
        ("path", "/a\0b", "Null characters"),
        ("seconds", "0", "from 1 to 3600"),
        ("at_once", "65", "from 1 to 64"),
        ("collapse_seconds", "-1", "from 0 to 86400"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field: str, value: str, told: str) -> None:
    page = Pages().send(PAGE, "script", **{field: value})
    assert told in page
    assert f'id="id_{field}_error"' in page
    assert not ScriptSettings.objects.exists()


def test_a_test_shows_output_and_exit_status_when_it_has_run(script: str) -> None:
    set_script(owner(), script)
    pages = Pages()
    page = pages.post(PAGE, pages.forms(PAGE)["test"])
    run = ScriptRun.objects.get()
    assert f"Run {run.pk} for SCR-TEST" in page
    assert 'hx-trigger="every 1s"' in pages.open(PAGE, part="run", run=str(run.pk))
    ended(run, 3, b"<script>alert(1)</script>\n\x1b[31mred")
    part = pages.open(PAGE, part="run", run=str(run.pk))
    assert "failed" in part
    assert "<dd>3</dd>" in part
    assert "&lt;script&gt;alert(1)" in part
    assert "\x1b" not in part
    assert "hx-get" not in part
    assert Entry.objects.filter(code="SCR-TEST").exists()


def test_a_run_that_failed_is_repeated(script: str) -> None:
    set_script(owner(), script)
    run = try_script(owner())
    ended(run, 1, b"")
    pages = Pages()
    pages.post(PAGE, pages.forms(PAGE)["retry"])
    run.refresh_from_db()
    assert run.state == RunState.WAITING


@pytest.mark.parametrize("number", ["0", "x", "9" * 400, "-1", "\0"])
def test_a_run_that_is_not_there_is_told(number: str) -> None:
    pages = Pages()
    assert "not there any more" in pages.open(PAGE, part="run", run=number)
    assert "There is no run 0" in pages.post(PAGE, {"do": "retry", "run": number})
    assert pages.status == 200


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_choose_the_script_sees_it_and_its_runs(script: str, role: str) -> None:
    set_script(owner(), script)
    try_script(owner())
    pages = Pages(role)
    page = pages.open(PAGE)
    assert script in page
    assert "SCR-TEST" in page
    assert not pages.forms(PAGE)
    pages.post(PAGE, {"do": "test"})
    assert ScriptRun.objects.count() == 1
