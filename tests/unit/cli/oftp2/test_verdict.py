"""The verdict on every recorded session, and its form for programs."""

import csv
import json
import re
from pathlib import Path

import pytest

from seon.cli.oftp2.verdict import Verdict
from seon.oftp2.errors import LocalError
from seon.oftp2.observer import SessionObserver
from seon.oftp2.rules import Policy, Profile
from seon.oftp2.transcript import parse, play

SESSIONS = Path(__file__).parents[3] / "vectors" / "sessions"


def expected() -> list[dict[str, str]]:
    with (SESSIONS / "expected.tsv").open() as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


CASES = [
    pytest.param(row, profile, id=f"{row['file']}-{profile}") for row in expected() for profile in ("default", "strict")
]


def verdict_on(text: str, profile: Profile) -> Verdict:
    verdict = Verdict()
    for step in play(verdict.counting(parse(text)), SessionObserver(Policy.named(profile))):
        verdict.add(step)
    return verdict


@pytest.mark.parametrize(("row", "profile"), CASES)
def test_a_session_gets_the_object_that_is_expected(row: dict[str, str], profile: Profile) -> None:
    told = verdict_on((SESSIONS / row["file"]).read_text(), profile).as_object(row["file"])
    assert list(told) == ["file", "verdict", "rule", "key", "side", "stb", "esid", "findings", "more"]
    assert told["file"] == row["file"]
    assert told["verdict"] in row[profile].split("/")
    if row["rule"] == "-":
        assert (told["rule"], told["side"], told["stb"], told["findings"]) == (None, None, None, [])
    elif told["findings"]:
        first = told["findings"][0]
        places = list(zip(row["side"].split("/"), row["stb"].split("/"), strict=True))
        assert (first["side"], str(first["stb"])) in places
        assert all(one["key"].partition("/")[0] == one["rule"] for one in told["findings"])
        same = {one["rule"] for one in told["findings"] if (one["side"], one["stb"]) == (first["side"], first["stb"])}
        assert same & set(row["rule"].split("/"))
    refusals = [one for one in told["findings"] if one["severity"] == "refuse"]
    assert bool(refusals) == (told["verdict"] == "refuse")
    if refusals:
        assert told["findings"][-len(refusals) :] == refusals
        assert {(one["side"], one["stb"]) for one in refusals} == {(told["side"], told["stb"])}
        assert (told["rule"], told["side"], told["stb"]) == tuple(refusals[0][key] for key in ("rule", "side", "stb"))
        later = re.search(rf"\b{profile}_refuse=([IR])(\d+):([A-Z0-9-]+)", row["note"])
        if later:
            assert (told["side"], str(told["stb"]), told["rule"]) == later.groups()
    elif told["findings"]:
        assert (told["rule"], told["stb"]) == (told["findings"][0]["rule"], told["findings"][0]["stb"])


@pytest.mark.parametrize(("row", "profile"), CASES)
def test_the_esid_is_that_of_a_station(row: dict[str, str], profile: Profile) -> None:
    verdict = verdict_on((SESSIONS / row["file"]).read_text(), profile)
    if verdict.word != "refuse":
        assert verdict.esid is None
    elif "_refuse=" not in row["note"]:
        assert (verdict.esid or "-") in row["esid"].split("/")


def test_every_finding_has_the_same_keys_and_plain_values() -> None:
    for row in expected():
        told = verdict_on((SESSIONS / row["file"]).read_text(), "strict").as_object(row["file"])
        for one in json.loads(json.dumps(told))["findings"]:
            assert list(one) == ["rule", "key", "severity", "side", "stb", "offset", "text", "field", "seen"]
            assert one["severity"] in {"refuse", "warn"}
            assert one["side"] in {"I", "R"}
            assert isinstance(one["stb"], int)
            assert isinstance(one["offset"], int)


def test_an_empty_buffer_after_esid_has_no_answer_a_command_there_has_one() -> None:
    whole = (SESSIONS / "T01-level5.oftp").read_text()
    ended = "".join(line for line in whole.splitlines(keepends=True) if "EOF" not in line)
    assert verdict_on(ended + "R 10000004\n", "default").word == "warn"
    empty, command = (verdict_on(ended + line, "strict") for line in ("R 10000004\n", "R 1000000552\n"))
    assert [one.refusal and one.refusal.rule for one in (empty, command)] == ["SEQ-END", "SEQ-END"]
    assert (empty.esid, command.esid) == (None, "02")


@pytest.mark.parametrize("text", ["", "# only a comment\n", "\n\n"])
def test_what_has_no_event_is_no_transcript(text: str) -> None:
    with pytest.raises(LocalError, match="no event"):
        verdict_on(text, "default")
