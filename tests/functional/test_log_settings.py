"""The log settings of log4c, with the real server: at its start, while it runs, and in other forms and places."""

import json
import re
import signal
from pathlib import Path

import pytest

from functional.harness import Site
from functional.processes import eventually, kill

REREAD = "<config><reread>1</reread></config>"


def set_log(site: Site, inside: str) -> None:
    """Replace the settings file as an editor does, in one step."""
    new = site.layout.server / "new"
    new.write_text(
        f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<!DOCTYPE log4c SYSTEM "">\n<log4c>{inside}</log4c>\n'
    )
    new.rename(site.layout.server / "seon_proxyserver.logrc")


def test_the_first_start_makes_a_settings_file_and_the_second_start_keeps_it(site: Site) -> None:
    path = site.layout.server / "seon_proxyserver.logrc"
    site.start_server()
    first = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o644
    assert "Log settings of seon_proxyserver" in first
    assert "WARNING" not in site.log("server")
    site.stop("server")
    path.write_text(first + "<!-- mine -->")
    site.start_server()
    assert path.read_text() == first + "<!-- mine -->"


def test_each_category_has_its_own_level_and_the_log_says_so_where_debug_is_on(site: Site) -> None:
    set_log(site, '<config><debug level="1"/></config><category name="root" priority="warn"/>'
                  '<category name="license" priority="debug"/>')  # fmt: skip
    site.launch_server()
    eventually(lambda: "Category license: DEBUG and worse to seon_appender" in site.log("server"))
    site.stop("server")
    assert " SRV-START " not in site.log("server")
    assert " SRV-END " not in site.log("server")


def test_a_broken_settings_file_is_told_with_its_place_and_the_server_starts(site: Site) -> None:
    (site.layout.server / "seon_proxyserver.logrc").write_text('<log4c>\n  <category name="root">\n</log4c>\n')
    site.start_server()
    log = site.log("server")
    assert re.search(
        r" ERROR +\d+ seon_proxyserver\.logrc, line 3, column 3: mismatched tag; the defaults are in force", log
    )
    assert " SRV-START " in log


def test_a_change_is_in_force_while_the_server_runs_and_a_broken_one_is_not(site: Site) -> None:
    set_log(site, REREAD)
    server = site.start_server()
    set_log(site, f'{REREAD}<config><debug level="1"/></config><category name="server" priority="trace"/>')
    eventually(lambda: "Category server: TRACE and worse to seon_appender" in site.log("server"))
    set_log(site, f"{REREAD}<category>&all;</category>")
    eventually(lambda: "the settings before are in force" in site.log("server"))
    assert re.search(r" ERROR +\d+ seon_proxyserver\.logrc, line 3, column \d+: ", site.log("server"))
    set_log(site, f'{REREAD}<config><debug level="1"/></config><category name="root" priority="fatal"/>')
    eventually(lambda: "Category server: FATAL and worse to seon_appender" in site.log("server"))
    assert server.ended() is None
    site.stop("server")
    assert " SRV-START " in site.log("server")
    assert " SRV-END " not in site.log("server")


def test_json_in_files_that_roll_by_size_has_every_line_once(site: Site) -> None:
    (site.layout.server / "logs").mkdir()
    set_log(
        site,
        '<config><debug level="1"/></config>'
        '<rollingpolicy name="small" type="sizewin" maxsize="2KB" maxnum="50"/>'
        '<appender name="ids" type="rollingfile" logdir="logs" prefix="ids.json" layout="json" rollingpolicy="small"/>'
        '<category name="seon_proxyserver" appender="ids"/><category name="root" appender="seon_appender"/>',
    )
    site.start_server()
    site.stop("server")
    files = sorted((site.layout.server / "logs").iterdir(), key=lambda path: -int(path.suffix[1:]))
    assert len(files) > 2
    assert files[-1].name == "ids.json.0"
    assert all(path.stat().st_size <= 2_048 for path in files)
    found = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    plain = [line.split(maxsplit=4)[4] for line in site.log("server").splitlines()]
    assert [document["message"] for document in found] == plain
    assert [d["event"]["code"] for d in found if d.get("event", {}).get("code") == "SRV-START"] == ["SRV-START"]


def test_sigusr1_opens_moved_files_anew(site: Site) -> None:
    server = site.start_server()
    (path,) = site.layout.server.glob("*.log")
    moved = path.rename(path.with_suffix(".old"))
    kill(server.pid, signal.SIGUSR1)
    eventually(path.exists)
    assert " SRV-START " in moved.read_text()
    assert " SRV-START " not in path.read_text()


@pytest.mark.parametrize("name", ["seon_proxyserver.logrc", "log4crc", ".log4crc"])
def test_no_other_place_is_read(site: Site, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_text('<log4c><category name="root" priority="fatal"/></log4c>')
    for variable in ("LOG4C_RCPATH", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("LOG4C_PRIORITY", "fatal")
    monkeypatch.setenv("LOG4C_RCFILE", str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    site.start_server()
    assert " SRV-START " in site.log("server")
