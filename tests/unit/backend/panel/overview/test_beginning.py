"""The way to the first file: each step names where it is done, and ticks itself off."""

import shlex
from dataclasses import replace
from pathlib import Path

import click
import pytest
from django.urls import reverse
from live_states import PROXY_ID
from overview_facts import NOW, client, facts

from seon.backend.panel.overview.beginning import PROGRAMS, steps
from seon.backend.panel.overview.facts import Facts
from seon.cli.seonapi import main

ADDRESS = "https://seonapi.example:8443"
EMPTY = Facts(now=NOW, tokens=0, partners=0, listeners=0, had_session=False)
DONE = replace(facts(client()), last_file=None, had_session=False)
MANUAL = Path(__file__).parents[5] / "docs" / "operating.md"


def test_nothing_of_an_empty_installation_is_done_and_a_file_ends_the_list() -> None:
    assert not any(step.done for step in steps(EMPTY, ADDRESS))
    assert steps(facts(), ADDRESS) == []


@pytest.mark.parametrize(
    ("title", "missing"),
    [
        ("Ask the server for its Proxy ID", {"servers": ()}),
        ("Issue a license for this Proxy ID", {"servers": (replace(DONE.servers[0], license_until=None),)}),
        ("Start the server", {"servers": (replace(DONE.servers[0], links=()),)}),
        ("Make a security token", {"tokens": 0}),
        ("Start the client", {"clients": ()}),
        ("Say where your OFTP2 station takes sessions", {"receive_daemon": ""}),
        ("Import your own certificate", {"own_until": None}),
        ("Start the queue daemon", {"daemon": None}),
        ("Add the first partner", {"partners": 0}),
        ("Give the partner a listening port", {"listeners": 0}),
        ("Hold the first session", {}),
    ],
)
def test_each_step_ticks_itself_off(title: str, missing: dict[str, object]) -> None:
    done = replace(DONE, had_session=bool(missing) and title != "Start the server")
    (step,) = [step for step in steps(replace(done, **missing), ADDRESS) if step.title == title]
    assert not step.done
    (step,) = [step for step in steps(replace(DONE, had_session=True), ADDRESS) if step.title == title]
    assert step.done


def test_every_step_is_done_on_a_page_that_is_there_or_by_a_command() -> None:
    for step in steps(EMPTY, ADDRESS):
        assert step.text
        assert step.page or step.commands
        assert not step.page or reverse(step.page)
        assert bool(step.page) == bool(step.page_title)


def test_commands_have_in_them_what_is_known() -> None:
    told = [command.text for step in steps(DONE, ADDRESS) for command in step.commands]
    assert f"seonapi license issue {PROXY_ID} --out seon_proxy.lic" in told
    assert any(f"seon_proxyclient2 -U {ADDRESS} -S DMZ_HOST:2878 -T @/etc/seon_token" in text for text in told)


def test_the_programs_stand_where_the_manual_puts_them() -> None:
    text = MANUAL.read_text()
    assert f"seon programs {PROGRAMS}" in text
    assert f"{PROGRAMS}/seon_proxyserver2 -L" in text


def test_every_command_of_seonapi_is_one_with_these_options() -> None:
    commands = [command.text for step in steps(EMPTY, ADDRESS) for command in step.commands]
    ours = [text for text in commands if text.startswith("seonapi ")]
    assert len(ours) >= 7
    for text in ours:
        words = shlex.split(text.partition(" > ")[0])[1:]
        found: click.Command = main
        while words and isinstance(found, click.Group) and words[0] in found.commands:
            found = found.commands[words.pop(0)]
        assert not isinstance(found, click.Group) or found.invoke_without_command, text
        known = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, text
