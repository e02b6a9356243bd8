"""File and level of the API log, changed while `seonapi serve` runs; and floods of calls without authentication."""

import json
import re
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from functional.events_service import running
from functional.processes import eventually
from functional.seonapi import Installation

OBEYED = 1.0
"""Seconds within which a choice is in force, as promised; a busy host is given as much again."""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "home")
    made.init()
    made.serve()
    yield made
    made.close()


def has(log: Path, pattern: str) -> None:
    eventually(lambda: log.exists() and re.search(pattern, log.read_text(), re.M), why=f"{pattern} in {log}")


def codes(installation: Installation, code: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(installation.run("log", "list", "--code", code, "--json"))["entries"]
    return found


def test_path_and_level_are_in_force_within_a_second_and_stay_after_a_restart(
    installation: Installation, tmp_path: Path
) -> None:
    log = tmp_path / "api.log"
    said = json.loads(installation.run("log", "file", "--path", str(log), "--level", "debug", "--json"))
    saved = time.monotonic()
    assert (said["file"], said["level"]) == (str(log), "debug")
    has(log, "Log level set to DEBUG$")
    assert time.monotonic() - saved < 2 * OBEYED
    assert stat.S_IMODE(log.stat().st_mode) == 0o640
    with installation.caller() as api:
        assert api.get("ca").status_code == 200
        has(log, r"DEBUG \d+ seon.api: GET /api/proxy/v1/ca: 200 ")
        assert "/ca: 200" not in installation.log, "its own file is left"
        installation.run("log", "file", "--level", "fatal")
        has(log, "Log level set to FATAL$")
        assert api.get("configuration").status_code == 401
        has(log, r"WARNING \d+ seon.api: AUD-TOKEN .*from 127\.0\.0\.1: no security token; /api/")
    assert installation.stop() == 0
    installation.run("log", "file", "--level", "info")
    installation.serve()
    has(log, "Seonapi serves https")
    installation.run("log", "file", "--path", "")
    has(installation.home / "log" / "seonapi.log", f"goes on here; it was {log}$")
    assert installation.stop() == 0


def test_the_later_one_of_signal_and_choice_counts(installation: Installation) -> None:
    log = installation.home / "log" / "seonapi.log"
    installation.run("log", "file", "--level", "error")
    has(log, "Log level set to ERROR$")
    assert installation.process is not None
    installation.process.send_signal(21)
    has(log, "Log level set to DEBUG$")
    installation.run("log", "file", "--level", "error")
    has(log, r"DEBUG$(.|\n)*Log level set to ERROR$")


def test_what_may_be_no_api_log_is_refused_and_changes_nothing(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "script").write_text("#!/bin/sh\n")
    before = installation.run("log", "file", "--json")
    for path, reason in {
        tmp_path / "link": "symbolic link", tmp_path / "script": "no log of Seonapi",
        tmp_path / "absent" / "api.log": "mkdir", installation.home / "https.key": "only",
        Path("api.log"): "absolute",
    }.items():  # fmt: skip
        assert reason in installation.run("log", "file", "--path", str(path), fails=True)
    assert installation.run("log", "file", "--json") == before


def test_a_host_that_cannot_write_the_file_keeps_its_own_and_says_so_once(
    installation: Installation, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    installation.run("log", "file", "--path", str(place / "api.log"))
    has(place / "api.log", "goes on here")
    shutil.move(place, tmp_path / "moved")
    place.symlink_to(tmp_path / "elsewhere")  # dangling: nothing can be made behind it
    with installation.caller() as api:
        assert api.get("configuration").status_code == 401
        own = installation.home / "log" / "seonapi.log"
        has(own, r"AUD-TOKEN .*no security token")
        has(own, r"ERROR \d+ seon.log: The API log \S+ cannot be written: No such file")
        eventually(lambda: codes(installation, "LOG-AWAY"))
        assert api.get("configuration").status_code == 401
    time.sleep(2 * OBEYED)  # a second event would be there by then: that none comes can only be waited for
    (event,) = codes(installation, "LOG-AWAY")
    assert str(place / "api.log") in str(event["text"])
    assert own.read_text().count("cannot be written") == 1
    place.unlink()
    place.mkdir()
    installation.run("log", "file", "--path", str(place / "api.log"))
    has(place / "api.log", "goes on here")
    assert installation.stop() == 0


def test_what_the_queue_daemon_records_and_a_rule_ignores_stands_in_the_api_log(
    installation: Installation, tmp_path: Path
) -> None:
    log = tmp_path / "api.log"
    installation.run("log", "file", "--path", str(log))
    installation.run("ignore", "add", "--description", "Old", "--text", "nowhere")
    with sqlite3.connect(installation.home / "seonapi.sqlite3") as database:  # its time is over
        database.execute("UPDATE journal_ignorerule SET valid_from = '2025-01-01', valid_to = '2025-01-02 00:00:00'")
    database.close()
    installation.run("ignore", "add", "--description", "Tidy", "--text", "has expired at")
    with running(installation, "queue", "--no-events"):
        has(
            log,
            r"INFO \d+ seon.apilog.ignored: Ignored by rule \d+, Tidy: LOG-EXPIRED Ignore rule \d+, Old has expired",
        )
    assert codes(installation, "LOG-EXPIRED") == []


def test_a_failed_login_stands_in_it_at_any_level(installation: Installation) -> None:
    installation.run("log", "file", "--level", "fatal")
    has(installation.home / "log" / "seonapi.log", "Log level set to FATAL$")
    with httpx.Client(
        base_url=f"https://localhost:{installation.port}", verify=installation.tls, trust_env=False
    ) as panel:
        page = panel.get("/panel/login/")
        key = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert key is not None
        form = {"username": "admin", "password": "a guess", "csrfmiddlewaretoken": key[1]}
        panel.post("/panel/login/", data=form, headers={"Referer": str(page.url)})
    has(
        installation.home / "log" / "seonapi.log",
        r"WARNING \d+ seon.api: AUD-LOGIN Login to the panel refused from 127\.0\.0\.1: wrong password of user admin; ",
    )


def test_a_flood_from_one_source_is_20_lines_and_one_count(installation: Installation) -> None:
    with installation.caller("a-guess") as api:
        for _ in range(200):
            assert api.get("configuration").status_code == 401
    assert installation.stop() == 0  # what is counted is told at the end, too
    lines = [line for line in installation.log.splitlines() if "AUD-TOKEN" in line]
    assert len(lines) == 21
    assert lines[-1].endswith(
        "AUD-TOKENS 180 more calls without valid authentication from 127.0.0.1 within a minute; "
        "last reason: unknown security token"
    )


@pytest.mark.slow
def test_the_count_of_a_flood_is_told_when_its_minute_is_over(installation: Installation) -> None:
    with installation.caller("a-guess") as api:
        for _ in range(25):
            assert api.get("configuration").status_code == 401
    time.sleep(62)  # the minute itself is what is tested
    assert "AUD-TOKENS 5 more API calls" in installation.log
    assert installation.stop() == 0
