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
from seon.oftp2.transcript import Read, Replay, parse, parse_pieces, play, replay

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
    elif problems and not ("accept" in row[profile].split("/") and result.refusal is None):
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


BAD_LINES = [
    "X 00",
    "I 0g",
    "I",
    "I ",
    "R eof",
    " I 00",
    "I 00 ",
    "I 000",
    "I 00 11",
    "I EOFF",
    "I EOFX",
    "é 00",
    "I é",
]
UNDECODED = "I \udc80"
"""What an octet that is no UTF-8 becomes in a text of Python's."""


@pytest.mark.parametrize("line", [*BAD_LINES, UNDECODED])
def test_a_line_that_is_no_event_is_named(line: str) -> None:
    with pytest.raises(LocalError, match="line 2"):
        list(parse(f"# ours\n{line}\n"))


def test_the_end_of_a_stream_is_a_line_of_its_own() -> None:
    with pytest.raises(LocalError, match="line 1 is"):
        list(parse_pieces([b"I EOF\r", b"00\n"]))


def test_line_ends_of_any_kind_comments_and_empty_lines_are_no_events() -> None:
    text = "# é\r\n\r\nI 1000\r\nR EOF\r\n#I 00\nI 0AfF"
    expected = [Read(Side.INITIATOR, b"\x10\0"), Read(Side.RESPONDER, None), Read(Side.INITIATOR, b"\x0a\xff")]
    assert list(parse(text)) == expected


def pieces_of(text: bytes, size: int) -> list[bytes]:
    """What `readline(size)` gives."""
    return [line[at : at + size] for line in text.splitlines(keepends=True) for at in range(0, len(line), size)]


@pytest.mark.parametrize("size", [6, 7, 16, 1_000])
def test_a_line_that_comes_in_pieces_says_the_same(size: int) -> None:
    text = b"# a comment that is no event: I zz\nI " + b"0123456789ab" * 20 + b"\nR EOF\nI 00\r\nI EOF\n"
    whole = list(parse(text.decode()))
    reads = list(parse_pieces(pieces_of(text, size)))
    for side in Side:
        mine = [[read.octets for read in every if read.side is side] for every in (reads, whole)]
        assert [b"".join(octets or b"" for octets in one) for one in mine] == [mine_whole(whole, side)] * 2
        assert mine[0].count(None) == mine[1].count(None) == 1


def mine_whole(reads: list[Read], side: Side) -> bytes:
    return b"".join(read.octets or b"" for read in reads if read.side is side)


@pytest.mark.parametrize(
    "bad", [b"I " + b"0" * 41, b"I " + b"00" * 20 + b"g0", b"I EOF0000000000", b"I " + b"0" * 40 + b" 0"]
)
@pytest.mark.parametrize("end", [b"", b"\nI 00\n"])
def test_a_bad_line_in_pieces_is_named(bad: bytes, end: bytes) -> None:
    with pytest.raises(LocalError, match="line 3 is"):
        list(parse_pieces(pieces_of(b"# x\nI 00\n" + bad + end, 8)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_each_step_of_a_play_is_what_the_verifier_settled(row: dict[str, str]) -> None:
    reads = cuts(list(parse(Path(row["path"]).read_text())), 97)
    shown: list[Read] = []
    steps = list(play((shown.append(read) or read for read in reads), SessionObserver(Policy())))
    refused = {step.side for step in steps if step.seen.refusal}
    for side in Side:
        sent, taken = mine_whole(shown, side), b"".join(step.taken for step in steps if step.side is side)
        assert sent.startswith(taken)
        left = b"".join(step.left for step in steps if step.side is side)
        assert left == (sent[len(taken) :] if side in refused else b"")
    assert all(len(step.taken) == step.seen.forward + step.seen.drop for step in steps)
    assert all(step.taken or step.is_end or step.seen.refusal for step in steps)
    assert [bool(step.seen.refusal) for step in steps[:-1]] == [False] * (len(steps) - 1)


def test_what_is_dropped_is_followed_by_a_look_at_the_rest() -> None:
    ended = [read for read in parse((OWN / "T02-level5.oftp").read_text()) if read.octets]
    assert ended[-1].octets is not None
    assert ended[-1].octets[4:5] == b"F"
    steps = list(play([*ended, Read(ended[-1].side, b"\x10\0\0\4" * 3)], SessionObserver(Policy())))
    assert [step.seen.drop for step in steps[len(ended) :]] == [4, 4, 4]


def test_half_a_buffer_that_an_esid_overtook_is_left_over_from_no_refusal() -> None:
    reads = [read for read in parse((OWN / "T02-level5.oftp").read_text()) if read.octets]
    late = [Read(reads[-1].side.other, b"\x10\0"), reads[-1], Read(reads[-1].side.other, None)]
    last = list(play([*reads[:-1], *late], SessionObserver(Policy())))[-1]
    assert (last.is_end, last.seen.refusal, last.left) == (True, None, b"")


def test_a_play_holds_no_more_than_a_buffer_under_way() -> None:
    """Each look is at what the verifier has not settled yet: whole buffers do not pile up in it."""
    looks = []

    class Watched(SessionObserver):
        def inspect(self, side, view):
            looks.append(len(view))
            return super().inspect(side, view)

    data = b"\x10\0\0\x45D\x3f" + b"x" * 63
    opening = [
        read
        for read in parse((OWN / "T02-level5.oftp").read_text())
        if read.octets and read.octets[4:5] in (b"I", b"X", b"H", b"2")
    ]
    credits = [Read(Side.INITIATOR, data), Read(Side.INITIATOR, data), Read(Side.RESPONDER, b"\x10\0\0\x07C  ")]
    result = replay([*opening[:5], *credits * 200], Watched(Policy()))
    assert result.refusal is None
    assert len(result.forwarded[Side.INITIATOR]) > 400 * len(data)
    assert max(looks) < 200
