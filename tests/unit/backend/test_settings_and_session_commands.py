"""`seonapi settings`, `session` and `completion`, as click runs them on this process's models."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from django.utils import timezone
from journal.story import AGREED, BEGAN, Told

from seon.backend.journal.models import Entry, Session
from seon.backend.journal.recording import store
from seon.cli.seonapi import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.rstrip("\n")


def answered(*arguments: str) -> Any:
    return msgspec.json.decode(done(*arguments, "--json"))


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    return result.stderr


def test_several_settings_are_changed_together_or_not_at_all() -> None:
    told = done("settings", "change", "external_port=7000", "receive_daemon=sta.example:3305", "level_5_only=yes")
    assert told.splitlines() == ["external_port = 7000", "receive_daemon = sta.example:3305", "level_5_only = yes"]
    assert "allowed: 1 to 65535" in refused("settings", "change", "receive_daemon=", "external_port=0")
    assert answered("settings", "list")["receive_daemon"] == "sta.example:3305"
    assert "each is KEY=VALUE" in refused("settings", "change", "external_port")
    assert "each key is there once" in refused("settings", "change", "sessions=1", "sessions=2")


def test_a_setting_is_shown_with_what_it_means() -> None:
    assert done("settings", "show", "external_port").splitlines() == [
        "key:      external_port",
        "value:    6619",
        "meaning:  TCP/IP port of OFTP server (TLS).",
        "allowed:  1 to 65535",
    ]
    assert "There is no setting 'colour'" in refused("settings", "show", "colour")


def test_the_list_of_settings_and_that_of_a_partner_say_the_meaning_in_one_column() -> None:
    done("partner", "add", "acme")
    for lines in (done("get").splitlines(), done("partner", "get", "acme").splitlines()):
        column = lines[0].index("meaning")
        assert len(lines) > 5
        assert [line for line in lines if line[column] == " " or line[column - 1] != " "] == []


def test_who_changed_a_setting_on_the_command_line_is_in_the_system_log_with_old_and_new_value() -> None:
    done("set", "external_port", "7000")
    done("set", "external_port", "7001")
    text = Entry.objects.filter(code="AUD-CHANGE").latest("pk").text
    assert "(command line), settings.change: settings Settings: external_port: 7000 to 7001" in text


def test_sessions_are_listed_newest_first_and_shown_with_all_that_is_known() -> None:
    now = timezone.now()
    Session.objects.create(session="0123456789abcdef", partner="P1", started_at=now - timedelta(hours=1))
    ended = Session.objects.create(
        session="fedcba9876543210", partner="P2", started_at=now - timedelta(hours=30), ended_at=now, files=3,
        ended_by="partner", reason="a\x1b[2J",
    )  # fmt: skip
    first, second = done("session", "list").splitlines()[1:]
    assert first.startswith("0123456789abcdef  P1")
    assert "running" in first
    assert re.search(r"ended +1 d 6:00:00 ", second)
    assert [row["session"] for row in answered("session", "list", "--running")] == ["0123456789abcdef"]
    assert [row["files"] for row in answered("session", "list", "--partner", "P2")] == [3]
    assert done("session", "list", "--partner", "P3") == "no such sessions"
    assert "There are more sessions" in run("session", "list", "--limit", "1").stderr
    told = done("session", "show", ended.session[:8])
    assert "a\\x1b[2J" in told
    assert "\x1b" not in told
    assert answered("session", "show", "01234567")["trace"] is False
    done("session", "trace", "01234567", "on")
    assert answered("session", "show", "01234567")["trace"] is True
    assert "There is no session 'ffffffff'" in refused("session", "show", "ffffffff")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion_script_without_an_installation(shell: str, monkeypatch) -> None:
    monkeypatch.delenv("SEON_HOME")
    assert "_SEONAPI_COMPLETE" in done("completion", shell)


def test_commands_are_completed_as_the_script_asks() -> None:
    asked = {"_SEONAPI_COMPLETE": "bash_complete", "COMP_WORDS": "seonapi sess", "COMP_CWORD": "1"}
    words = run_completion(asked)
    assert words == ["plain,session"]


def run_completion(environment: dict[str, str]) -> list[str]:
    code = "from seon.cli.seonapi import main; main(prog_name='seonapi')"
    result = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert result.stderr == ""
    return result.stdout.split()


def test_past_sessions_and_what_they_agreed_on_are_shown() -> None:
    told = Told("0123456789abcdef").start(fingerprint="ab" * 32).add("SES-AGREED", **AGREED)
    store(told.end(ended_by="server verifier").events, "token")
    store(Told("fedcba9876543210").start().events, "token")
    assert [row["session"] for row in answered("session", "list", "--past")] == ["0123456789abcdef"]
    assert "not both" in refused("session", "list", "--past", "--running")
    shown = answered("session", "show", "01234567")
    assert (shown["level"], shown["buffer"], shown["credit"], shown["authentication"]) == (5, 4_096, 64, True)
    assert (shown["result"], shown["fingerprint"], shown["findings"]) == ("refused", "ab" * 32, 0)


def test_files_are_listed_with_what_became_of_them() -> None:
    assert done("file", "list") == "no files yet"
    store(Told("s1-first").start().offer().done().receipt().offer(name="\x1b[2J").end().events, "token")
    store(Told("s2-second", began=BEGAN + 60).start(partner="umbra").offer(name="OTHER").events, "token")
    rows = answered("file", "list")
    assert [(row["name"], row["state"]) for row in rows] == [
        ("OTHER", "under-way"), ("\\x1b[2J", "broken-off"), ("ORDERS", "delivered"),
    ]  # fmt: skip
    assert (rows[2]["receipt"], rows[2]["octets"], rows[2]["originator"]) == ("EERP", 8_192, "O0013PARTNER")
    assert "\x1b" not in done("file", "list")
    for options, names in (
        (("--partner", "umbra"), ["OTHER"]),
        (("--name", "ORD"), ["ORDERS"]),
        (("--state", "delivered"), ["ORDERS"]),
        (("--since", "2h"), []),
        (("--until", "2023-11-14 22:00:30"), ["\\x1b[2J", "ORDERS"]),
        (("--direction", "to-partner"), []),
    ):
        assert [row["name"] for row in answered("file", "list", *options)] == names, options
    assert done("file", "list", "--partner", "nobody") == "no such files"
    assert "There are more files" in run("file", "list", "--limit", "1").stderr
