"""Settings files of different make, and what each means: the expected result stands beside it."""

import re
from pathlib import Path

import pytest

import vectors
from seon.daemon.writing import store
from seon.daemon.writing.reader import _APPENDER_TYPES, _ATTRIBUTES, _CONFIG, _LAYOUT_TYPES, MAX_WARNINGS, read
from seon.daemon.writing.router import routes
from seon.daemon.writing.settings import DEFAULTS
from seon.process.levels import CATEGORIES
from vectors.logrc.telling import PROGRAM, told

LOGRC = Path(next(iter(vectors.__path__))) / "logrc"
FILES = sorted(path.name for path in LOGRC.glob("*.logrc"))


@pytest.mark.parametrize("name", FILES)
def test_a_file_means_what_stands_beside_it(name) -> None:
    path = LOGRC / name
    assert told(path.read_bytes()) == path.with_suffix(".txt").read_text()


def test_there_are_files_of_many_makes_valid_and_broken() -> None:
    broken = [name for name in FILES if name.startswith("broken-")]
    assert len(broken) >= 10
    assert len(FILES) - len(broken) >= 15
    assert all(path.read_text().startswith("error ") for path in LOGRC.glob("broken-*.txt"))


def test_the_first_settings_file_says_the_defaults() -> None:
    reading = read(store.default_text(PROGRAM).encode(), PROGRAM)
    assert reading.warnings == ()
    assert routes(reading.settings) == routes(DEFAULTS)
    assert reading.settings.reread == DEFAULTS.reread


def test_the_examples_in_the_first_settings_file_are_right() -> None:
    """Each comment with elements in it, put into force."""
    text = store.default_text(PROGRAM)
    head, *parts = text.split("  <!-- ")
    opened = head + "".join(
        part.replace(":\n  <", ": -->\n  <", 1).replace("\n  -->", "", 1) if ":\n  <" in part else part
        for part in (f"<!-- {part}" for part in parts)
    )
    reading = read(opened.encode(), PROGRAM)
    assert reading.warnings == ()
    found = routes(reading.settings)
    assert found["session"].level.name == "DEBUG"
    assert found["gate"].appenders == ("syslog", "json", "seon_appender")
    assert reading.settings.appenders["json"].maxsize == 10 * 1024**2


def test_of_many_warnings_the_first_are_shown_and_the_rest_is_counted() -> None:
    octets = b"<log4c>" + b"<x/>" * (MAX_WARNINGS + 7) + b"</log4c>"
    warnings = read(octets, PROGRAM).warnings
    assert len(warnings) == MAX_WARNINGS + 1
    assert warnings[-1] == "7 more warnings are left out"


# --- docs/logging.md --------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[4] / "docs" / "logging.md").read_text()
EXAMPLES = re.findall(r"^```xml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_of_the_documentation_is_right(example) -> None:
    whole = example if "<log4c" in example else f"<log4c>{example}</log4c>"
    assert read(whole.encode(), PROGRAM).warnings == ()
    assert routes(read(whole.encode(), PROGRAM).settings) != {}


def test_everything_that_may_be_set_is_documented() -> None:
    attributes = {name for names in _ATTRIBUTES.values() for name in names} - {"version", "cleanup", "level"}
    for name in (*CATEGORIES, *_CONFIG, *_APPENDER_TYPES, *_LAYOUT_TYPES, *attributes):
        assert re.search(rf"\b{name}\b", PAGE), name
    assert len(EXAMPLES) >= 4
