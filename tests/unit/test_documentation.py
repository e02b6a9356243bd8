"""What an administrator meets is documented: every setting, option, exit status and event."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from seon.cli.daemons import client, server
from seon.client import main as client_main
from seon.config import FileRules, Limits
from seon.events import CATALOGUE, as_markdown
from seon.oftp2 import phases, rules
from seon.server import server as server_main

DOCS = Path(__file__).parents[2] / "docs"
OPERATING = (DOCS / "operating.md").read_text()
INTEROPERABILITY = (DOCS / "interoperability.md").read_text()


def test_the_catalogue_of_events_is_the_one_in_the_code() -> None:
    assert (DOCS / "events.md").read_text() == as_markdown(), "run `make docs`"


def test_the_order_of_commands_is_the_one_in_the_code() -> None:
    assert (DOCS / "state-table.md").read_text() == phases.as_markdown(), "run `make docs`"


def test_the_rules_are_those_in_the_code() -> None:
    assert (DOCS / "rules.md").read_text() == rules.as_markdown(), "run `make docs`"


DEMANDS = [
    "level_5_only",
    "secure_authentication",
    *(f"{way}_{field}" for way in ("incoming", "outgoing") for field in FileRules.__struct_fields__),
]


@pytest.mark.parametrize(
    "name", [*Limits.__struct_fields__, *DEMANDS, "external_port", "outgoing_address", "receive_daemon", "rules.RULE"]
)
def test_every_setting_is_in_the_operating_guide(name: str) -> None:
    assert f"`{name}`" in OPERATING


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("both", server_main.EXIT_OK),
        ("both", server_main.EXIT_START),
        ("server", server_main.EXIT_FATAL),
        ("client", client_main.EXIT_LINK),
        ("client", client_main.EXIT_COURIER),
    ],
)
def test_every_exit_status_is_in_the_operating_guide(program: str, status: int) -> None:
    rows = re.findall(r"^\| (\w+) \| (\d) \| (.+) \|$", OPERATING, re.MULTILINE)
    meanings = [meaning for who, number, meaning in rows if int(number) == status and program in (who, "server")]
    assert meanings or any(int(n) == status and program in text for _, n, text in rows)


@pytest.mark.parametrize("option", ["-i", "-v", "-h", "-L", "-l", "-V"])
def test_the_server_has_the_options_administrators_know(option: str) -> None:
    assert option in {name for parameter in server.params for name in parameter.opts} | set(_help_names(server))


@pytest.mark.parametrize("option", ["-U", "-S", "-T", "-h", "-v", "-d"])
def test_the_client_has_the_options_administrators_know(option: str) -> None:
    assert option in {name for parameter in client.params for name in parameter.opts} | set(_help_names(client))


def _help_names(command: object) -> list[str]:
    names: list[str] = getattr(command, "context_settings", {}).get("help_option_names", [])
    return names


def _rows(text: str) -> Iterator[dict[str, str]]:
    """Yield the rows of all tables in a page, each by the headings of its table."""
    headings: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            headings = []
        elif not headings:
            headings = cells
        elif set(line) - set("|-"):
            yield dict(zip(headings, cells, strict=True))


def _rule(cell: str) -> rules.Rule:
    """Return the rule that a cell of the column "Key" names; "fixed" must stand there if it cannot be softened."""
    rule = rules.RULES[cell.partition(",")[0].strip("`")]
    assert cell == f"`{rule.key}`" + (", fixed" if rule.hard else "")
    return rule


BEHAVIOURS = [row for row in _rows(INTEROPERABILITY) if "default" in row]
REFUSED_ALWAYS = [row for row in _rows(INTEROPERABILITY) if "What mends it" in row]


@pytest.mark.parametrize("row", BEHAVIOURS, ids=lambda row: row["What the station does"])
def test_what_stations_do_has_the_verdicts_of_the_code(row: dict[str, str]) -> None:
    if row["Key"] == "no rule":
        assert (row["default"], row["strict"]) == ("pass", "pass")
        return
    rule = _rule(row["Key"])
    assert (row["default"], row["strict"]) == (rule.default.value, rule.strict.value)


def test_every_rule_is_in_the_tables_of_what_stations_do() -> None:
    assert {_rule(row["Key"]).key for row in BEHAVIOURS if row["Key"] != "no rule"} == rules.RULES.keys()


def test_what_is_called_refused_in_both_profiles_is() -> None:
    wanted = [_rule(row["Key"]) for row in REFUSED_ALWAYS]
    assert wanted
    assert {verdict for rule in wanted for verdict in (rule.default, rule.strict)} == {rules.Severity.REFUSE}


def test_every_rule_and_event_in_the_page_on_stations_exists() -> None:
    named = set(re.findall(r"`([A-Z]{2,3}-[A-Z0-9]+(?:/[a-z-]+)?)`", INTEROPERABILITY))
    assert named <= rules.RULES.keys() | CATALOGUE.keys()


def test_every_setting_of_a_rule_in_the_page_on_stations_can_be_made() -> None:
    settings = re.findall(r"partner set acme rules\.(\S+) +([a-z]+)", INTEROPERABILITY)
    assert settings
    for name, severity in settings:
        rules.check_severity(name, rules.Severity(severity))
