"""What an administrator meets is documented: every setting, option, exit status and event."""

import configparser
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from seon.cli.daemons import client, server
from seon.cli.seon import main as seon
from seon.cli.seonapi import main as seonapi
from seon.cli.seonapi import send_queue
from seon.client import client as client_client
from seon.client.readiness import EXIT_NOT_READY
from seon.config import FileRules, Limits
from seon.daemon.home import EXIT_START
from seon.events import CATALOGUE
from seon.events_page import as_markdown
from seon.oftp2 import phases, rules
from seon.server import server as server_main

DOCS = Path(__file__).parents[2] / "docs"
OPERATING = (DOCS / "operating.md").read_text()
ADMINISTRATION = (DOCS / "administration.md").read_text()
INTEROPERABILITY = (DOCS / "interoperability.md").read_text()
UNITS = sorted((DOCS.parent / "packaging" / "systemd").glob("*.service"))


def test_the_catalogue_of_events_is_the_one_in_the_code() -> None:
    assert (DOCS / "events.md").read_text() == as_markdown(), "run `make docs`"


def test_the_order_of_commands_is_the_one_in_the_code() -> None:
    assert (DOCS / "state-table.md").read_text() == phases.as_markdown(), "run `make docs`"


def test_the_rules_are_those_in_the_code() -> None:
    assert (DOCS / "rules.md").read_text() == rules.as_markdown(), "run `make docs`"


# --- form ---------------------------------------------------------------------------------------------

ROOT = DOCS.parent
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
WIDTH = 100
_GENERATED = re.compile(r"`make docs` makes this page from `(\S+)`")
_EXAMPLE = re.compile(r"^```(?:text|json)\n.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def may_be_longer(line: str, *, generated: bool) -> bool:
    """Return whether a line has a reason: it cannot be broken, or it is a row that comes from a table of the code."""
    words = line.strip("*`| \n").split()
    return len(words) <= 1 or (generated and line.startswith("|"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_keeps_to_its_width(page: Path) -> None:
    text = page.read_text()
    generated = bool(_GENERATED.search(text))
    if generated:  # lines of logs and documents are as long as they are; the numbers of all others stay
        text = _EXAMPLE.sub(lambda block: "\n" * block[0].count("\n"), text)
    lines = enumerate(text.splitlines(), 1)
    assert [
        (number, line) for number, line in lines if len(line) > WIDTH and not may_be_longer(line, generated=generated)
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_heading_that_is_linked_to_is_there(page: Path) -> None:
    links = (link.partition("#") for link in _LINK.findall(page.read_text()) if "://" not in link)
    for name, _, heading in links:
        if heading:
            text = (page.parent / name if name else page).read_text()
            assert heading in {anchor(line) for line in text.splitlines() if line.startswith("#")}


def anchor(line: str) -> str:
    """Return the name under which a heading is linked to."""
    return re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")


@pytest.mark.parametrize("page", [page for page in PAGES if _GENERATED.search(page.read_text())], ids=lambda p: p.name)
def test_a_page_from_the_code_names_its_source(page: Path) -> None:
    found = _GENERATED.search(page.read_text())
    assert found
    assert (ROOT / found[1]).exists()


# --- commands -----------------------------------------------------------------------------------------

PROGRAMS = {
    "seon": seon, "seonapi": seonapi, "seon_sendqueue": send_queue, "seon_proxyserver2": server,
    "seon_proxyclient2": client,
}  # fmt: skip
_FENCED = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"^\w+@\w+[#$] ((?:.*\\\n)*.*)$", re.MULTILINE)
_INLINE = re.compile(r"`((?:seon|seonapi|seon_sendqueue|seon_proxy\w+) [^`]+)`")


def commands() -> Iterator[str]:
    """Yield the commands of all pages, those that go over several lines as one."""
    for page in PAGES:
        text = page.read_text()
        blocks = "\n".join([*_FENCED.findall(text), *_TYPED.findall(text)]).replace("\\\n", " ")
        yield from (line for line in blocks.splitlines() if line.split(" ")[0] in PROGRAMS)
        yield from (" ".join(found.split()) for found in _INLINE.findall(text))


def wrong_in(command: str) -> str:
    """Return the first word of a command that its program does not know, empty if it knows all."""
    words = [word.strip("[].") for word in shlex.split(command, comments=True)]
    at: click.Command = PROGRAMS[words.pop(0)]
    while isinstance(at, click.Group) and words and not words[0].startswith("-"):
        found = at.get_command(click.Context(at), words[0])
        if found is None:
            return words[0]
        at = found
        words.pop(0)
    known = {name for parameter in at.params for name in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"-h", "--help"}
    return next((word for word in words if re.match(r"-{1,2}[a-zA-Z]", word) and word not in known), "")


def test_every_command_in_the_pages_exists_with_its_options() -> None:
    found = list(commands())
    assert len(found) > 50, "the search finds them"
    assert [(command, word) for command in found if (word := wrong_in(command))] == []


# --- settings -----------------------------------------------------------------------------------------

DEMANDS = [
    "level_5_only",
    "secure_authentication",
    *(f"{way}_{field}" for way in ("incoming", "outgoing") for field in FileRules.__struct_fields__),
]


@pytest.mark.parametrize(
    "name", [*Limits.__struct_fields__, *DEMANDS, "external_port", "outgoing_address", "receive_daemon", "rules.RULE"]
)
def test_every_setting_is_in_the_guide_for_administrators(name: str) -> None:
    assert f"`{name}`" in ADMINISTRATION


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("both", 0),
        ("both", EXIT_START),
        ("server", server_main.EXIT_FATAL),
        ("client", EXIT_NOT_READY),
        ("client", client_client.EXIT_LINK),
        ("client", client_client.EXIT_COURIER),
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


def _items(text: str) -> list[str]:
    """Return the items of all lists of a page, each as one line."""
    return [" ".join(found.split()) for found in re.findall(r"^\* (.+(?:\n  .+)*)", text, re.MULTILINE)]


_KEY = r"Key: (?P<key>`[^`]+`(?:, fixed)?)\."
_BEHAVIOUR = re.compile(
    r"(?P<what>.+?): \*\*(?P<default>\w+)\*\*(?: in both profiles|, strict \*\*(?P<strict>\w+)\*\*)\. "
    rf"(?:{_KEY}|No rule\.)(?: .+)?"
)
_MENDED = re.compile(rf".+\. {_KEY} What mends it: .+")


def _matches(pattern: re.Pattern[str]) -> list[re.Match[str]]:
    return [match for item in _items(INTEROPERABILITY) if (match := pattern.fullmatch(item))]


def _rule(cell: str) -> rules.Rule:
    """Return the rule that a key names; "fixed" must stand there if it cannot be softened."""
    rule = rules.RULES[cell.partition(",")[0].strip("`")]
    assert cell == f"`{rule.key}`" + (", fixed" if rule.hard else "")
    return rule


BEHAVIOURS = _matches(_BEHAVIOUR)
REFUSED_ALWAYS = _matches(_MENDED)


def test_the_page_on_stations_is_read_whole() -> None:
    """An entry that is written otherwise would be left out of the tests below."""
    entries = [item for item in _items(INTEROPERABILITY) if "**" in item or "Key:" in item or "No rule." in item]
    assert len(entries) == len(BEHAVIOURS) + len(REFUSED_ALWAYS) > 100


@pytest.mark.parametrize("entry", BEHAVIOURS, ids=lambda entry: entry["what"])
def test_what_stations_do_has_the_verdicts_of_the_code(entry: re.Match[str]) -> None:
    verdicts = entry["default"], entry["strict"] or entry["default"]
    if entry["key"] is None:
        assert verdicts == ("pass", "pass")
        return
    rule = _rule(entry["key"])
    assert verdicts == (rule.default.value, rule.strict.value)


def test_every_rule_is_in_the_lists_of_what_stations_do() -> None:
    assert {_rule(entry["key"]).key for entry in BEHAVIOURS if entry["key"]} == rules.RULES.keys()


def test_what_is_called_refused_in_both_profiles_is() -> None:
    wanted = [_rule(entry["key"]) for entry in REFUSED_ALWAYS]
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


# --- troubleshooting ----------------------------------------------------------------------------------

TROUBLESHOOTING = (DOCS / "troubleshooting.md").read_text()
_SAID = re.findall(r"^\| `([^`]+)` \|", TROUBLESHOOTING, re.MULTILINE)


def texts_of_the_programs() -> str:
    """Return all that the programs can say, with literals that stand in a row joined, as Python joins them."""
    source = "\n".join(path.read_text() for path in sorted((ROOT / "src").rglob("*.py")))
    return re.sub(r"[\"']\s*\n\s*f?[\"']", "", source)


def test_what_a_program_says_in_the_table_of_symptoms_is_what_it_says() -> None:
    said = texts_of_the_programs()
    system = {"Address already in use", "no answer in time"}  # words of the operating system, and of a table of them
    parts = {part.strip(" :") for line in _SAID for part in re.split(r"\.\.\.|\bX\b|\bNAME\b|: (?=Address)", line)}
    assert len(_SAID) > 12
    assert [part for part in parts - system if part and part not in said] == []


@pytest.mark.parametrize("page", ["administration.md", "troubleshooting.md", "operating.md"])
def test_every_event_in_a_guide_exists(page: str) -> None:
    named = set(re.findall(r"`([A-Z]{3}-[A-Z]+)\b", (DOCS / page).read_text()))
    verdicts = {"NOT-YET", "TOO-LARGE"}  # beginnings of codes of seon.admission.codes
    assert named - {"POL-NAME"} - verdicts <= CATALOGUE.keys() | rules.RULES.keys()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_of_systemd_is_named_and_starts_what_there_is(unit: Path) -> None:
    assert re.search(rf"\b{unit.stem}(?![\w.-])", OPERATING)
    read = configparser.ConfigParser(interpolation=None, delimiters="=")
    read.read(unit)
    program, *words = shlex.split(read["Service"]["ExecStart"])
    command: click.Command = {"seon_proxyserver2": server, "seon_proxyclient2": client}.get(Path(program).name, seonapi)
    if isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known
