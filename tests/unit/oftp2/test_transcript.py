"""The recorded sessions in tests/vectors, and those kept beside the repository where they are present."""

import csv
import re
from itertools import groupby
from pathlib import Path
from random import Random

import pytest

from seon.oftp2.errors import LocalError
from seon.oftp2.observer import Finding, Refusal, SessionObserver, Side
from seon.oftp2.rules import RULES, Policy, Profile
from seon.oftp2.transcript import Read, Replay, parse, replay

ROOT = Path(__file__).parents[3]
OWN = ROOT / "tests" / "vectors" / "sessions"
RECORDED = ROOT.parent / "shared" / "corpus"
"""Sessions recorded between other products are not ours to publish: used where they lie beside the repository."""


def rows_of(directory: Path, only: str = "") -> list[dict[str, str]]:
    if not directory.is_dir():
        return []
    with (directory / "expected.tsv").open() as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row | {"path": str(directory / row["file"])} for row in rows if row["file"].startswith(only)]


ROWS = rows_of(OWN) + rows_of(RECORDED, "cap-")
CASES = [pytest.param(row, profile, id=f"{row['file']}-{profile}") for row in ROWS for profile in ("default", "strict")]
NOT_YET: dict[str, str] = {}
"""Cases that the verifier does not meet yet, with the reason: none."""


def played(row: dict[str, str], profile: Profile) -> Replay:
    return replay(parse(Path(row["path"]).read_text()), SessionObserver(Policy.named(profile)))


def verdict(result: Replay) -> str:
    return "refuse" if result.refusal else "warn" if result.findings else "accept"


def first_problems(result: Replay) -> list[Finding | Refusal]:
    """All that was said of the first stream buffer of which anything was said."""
    problems: list[Finding | Refusal] = [*result.findings, *([result.refusal] if result.refusal else [])]
    return [one for one in problems if (one.side, one.stb) == (problems[0].side, problems[0].stb)]


@pytest.mark.parametrize(("row", "profile"), CASES)
def test_a_recorded_session_gets_its_verdict(row: dict[str, str], profile: Profile) -> None:
    result = played(row, profile)
    assert verdict(result) in row[profile].split("/")
    problems = first_problems(result)
    if row["rule"] == "-":
        assert problems == []
    elif problems:
        places = zip(row["side"].split("/"), row["stb"].split("/"), strict=True)
        assert (problems[0].side.value, str(problems[0].stb)) in list(places)
        assert {problem.rule for problem in problems} & set(row["rule"].split("/"))


@pytest.mark.parametrize(("row", "profile"), CASES)
def test_a_refusal_names_place_and_reason(row: dict[str, str], profile: Profile) -> None:
    refusal = played(row, profile).refusal
    if refusal is None:
        return
    later = re.search(rf"\b{profile}_refuse=([IR])(\d+):([A-Z0-9-]+)", row["note"])
    if later:
        assert (refusal.side.value, str(refusal.stb), refusal.rule) == later.groups()
    elif row["esid"].isdigit() and "/" not in row["rule"]:
        assert refusal.reason == int(row["esid"])


def cuts(reads: list[Read], step: int) -> list[Read]:
    """The same session: all that a side sends before the other speaks in one piece, then cut every `step` octets."""
    out = []
    for (side, is_end), group in groupby(reads, key=lambda read: (read.side, read.octets is None)):
        if is_end:
            out.append(Read(side, None))
            continue
        octets = b"".join(read.octets or b"" for read in group)
        out += [Read(side, octets[at : at + step]) for at in range(0, len(octets), step)]
    return out


@pytest.mark.parametrize("row", [row for row in ROWS if not row["file"].startswith("S07")], ids=lambda row: row["file"])
def test_every_split_of_a_session_gives_the_same_result(row: dict[str, str]) -> None:
    reads = list(parse(Path(row["path"]).read_text()))
    if sum(len(read.octets or b"") for read in reads) > 20_000:
        reads = reads[:40]
    whole = replay(cuts(reads, 10**9), SessionObserver(Policy()))
    for step in (1, Random(row["file"]).randint(2, 50)):
        assert replay(cuts(reads, step), SessionObserver(Policy())) == whole


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_only_octets_that_were_sent_are_forwarded_and_none_is_lost(row: dict[str, str]) -> None:
    reads = list(parse(Path(row["path"]).read_text()))
    result = replay(reads, SessionObserver(Policy()))
    for side in Side:
        sent = b"".join(read.octets or b"" for read in reads if read.side is side)
        if not result.dropped[side]:
            assert sent.startswith(result.forwarded[side])
        if not result.refusal:
            assert len(result.forwarded[side]) + result.dropped[side] == len(sent)


def test_the_sessions_cover_the_rules() -> None:
    fired = {problem.rule for row in ROWS for problem in first_problems(played(row, "strict"))}
    ids = {rule.id for rule in RULES.values()}
    assert fired <= ids
    assert len(fired) > 40


@pytest.mark.parametrize("line", ["X 00", "I 0g", "I", "R eof", " I 00"])
def test_a_line_that_is_no_event_is_named(line: str) -> None:
    with pytest.raises(LocalError, match="line 2"):
        list(parse(f"# ours\n{line}\n"))
