import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from making import chosen, stored

from seon.backend.script.inputs import ARGUMENTS, arguments, document, environment

NASTY = "a'b\"c$(id)`id` %s %n\n\\ ; rm -rf / \x00 ü\u202e"


@pytest.fixture(autouse=True)
def _chosen(tmp_path: Path) -> None:
    chosen(tmp_path)


def test_arguments_are_the_same_as_variables_and_come_in_order() -> None:
    run = stored(partner=NASTY, source="192.0.2.1:1", server="dmz1")
    given = [value.decode() for value in arguments(run)]
    assert given[0] == "critical"
    assert given[1] == "SRV-PORT"
    assert given[3].endswith("Z")
    assert given[4:] == ["dmz1", "", NASTY.replace("\0", "\\x00"), "192.0.2.1:1"]
    variables = environment(run)
    assert [variables[f"SEON_EVENT_{name.upper()}".encode()].decode() for name in ARGUMENTS] == given


def test_the_environment_has_nothing_of_seonapis_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEON_SECRET_FILE", "SEON_DATABASE_URL", "SEON_HOME", "SEON_BASIC_AUTH_FILE", "LD_PRELOAD"):
        monkeypatch.setenv(name, "/secret")
    variables = environment(stored())
    assert not [value for value in variables.values() if b"/secret" in value]
    others = {name for name in variables if not name.startswith((b"SEON_EVENT_", b"SEON_FIELD_"))}
    assert others == {b"PATH", b"HOME", b"LANG", b"SEON_ATTEMPT", b"SEON_REPEATS"}


def test_each_field_is_a_variable_whatever_it_is_called() -> None:
    run = stored(**{"a-b=c": 7, "Ok": True})
    variables = environment(run)
    assert (variables[b"SEON_FIELD_A_B_C"], variables[b"SEON_FIELD_OK"]) == (b"7", b"true")
    assert variables[b"SEON_FIELD_REASON"] == b"in use"
    assert not [name for name in variables if b"=" in name or b"\0" in name]


def test_the_document_is_one_line_of_json_with_all_fields() -> None:
    run = stored(partner=NASTY)
    octets = document(run)
    assert octets.count(b"\n") == 1
    read = json.loads(octets)
    assert read["fields"]["partner"] == read["partner"] == NASTY.replace("\0", "\\x00")
    assert (read["code"], read["hop"], read["id"]) == ("SRV-PORT", "dmz", run.event_id)
    assert set(ARGUMENTS) < set(read)


def test_what_is_given_is_bounded() -> None:
    run = stored(partner="x" * 2_000)
    run.message = "m" * 100_000
    assert max(map(len, arguments(run))) <= 16_000
    assert sum(map(len, environment(run).values())) < os.sysconf("SC_ARG_MAX") // 4
