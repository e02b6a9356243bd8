"""Files are checked one by one, and none of them is held in memory or stops the others."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from seon.cli.oftp2.checking import Checker, opened
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.oftp2.rules import Policy

SESSIONS = Path(__file__).parents[3] / "vectors" / "sessions"
GOOD, WARNED, BAD = (str(SESSIONS / f"{name}.oftp") for name in ("T02-level5", "I010", "I001"))
STARTED = b"".join(Path(GOOD).read_bytes().splitlines(keepends=True)[:4])
"""A comment, SSRM and both SSIDs."""


def check(*files: str, as_json: bool = False, brief: bool = False) -> int:
    return Checker(Policy(), as_json=as_json, brief=brief).check(files)


@pytest.mark.parametrize(
    ("files", "status"),
    [((GOOD,), 0), ((GOOD, WARNED), 0), ((GOOD, BAD), 1), (("/nope", BAD), 2), ((BAD, "/nope", GOOD), 2)],
)
def test_the_status_is_that_of_the_worst_file(files: tuple[str, ...], status: int) -> None:
    assert check(*files, brief=True) == status


def test_a_verdict_line_ends_each_file_and_a_count_ends_all(capsys: pytest.CaptureFixture[str]) -> None:
    check(GOOD, WARNED, BAD, brief=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{GOOD}: accept"
    assert lines[1].startswith(f"{WARNED}: warn FLD-XPAD, Initiator's stream buffer 1, offset 2: ")
    assert lines[2].startswith(f"{BAD}: refuse CMD-ID, Responder's stream buffer 1, offset 0: ")
    assert lines[2].endswith("a station answers ESID 01 (command not recognised)")
    assert lines[3] == "3 files: 1 accept, 1 warn, 1 refuse"


def test_the_table_stands_before_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    check(BAD)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == BAD
    assert "X refuse CMD-ID" in lines[3]
    assert lines[4].startswith(f"{BAD}: refuse")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no event"),
        (b"# x\nI 10\nhello\n", "line 3"),
        (b"R 1000zz17\n", "line 1"),
        (b"\x00\xff\xfe", "line 1"),
        (STARTED + b"I 1000ffff45" + b"00" * 50_000 + b"!\n", "line 5"),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_a_file_that_is_no_transcript_is_named_with_its_line_and_the_others_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str, as_json: bool
) -> None:
    path = tmp_path / "x.oftp"
    path.write_bytes(content)
    status = check(str(path), GOOD, as_json=as_json, brief=True)
    captured = capsys.readouterr()
    assert status == 2
    assert captured.err.startswith(f"seon oftp2 check: {path}: not a transcript: ")
    assert words in captured.err
    assert len(captured.err) < 300
    assert GOOD in captured.out


def test_a_missing_file_and_a_directory_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(str(tmp_path), str(tmp_path / "none")) == 2
    err = capsys.readouterr().err.splitlines()
    assert err[0] == f"seon oftp2 check: {tmp_path}: Is a directory"
    assert err[1] == f"seon oftp2 check: {tmp_path / 'none'}: No such file or directory"


def test_json_is_one_object_per_file_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    check(GOOD, WARNED, BAD, as_json=True)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["file"], one["verdict"]) for one in told] == [(GOOD, "accept"), (WARNED, "warn"), (BAD, "refuse")]


def test_a_name_of_a_file_that_a_terminal_would_obey_is_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a\x1b[31m\nb\u202e.oftp"
    path.write_text(Path(BAD).read_text())
    missing = str(path) + "x"
    check(str(path), missing)
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert all(line.isprintable() for line in text.splitlines())
    check(str(path), as_json=True)
    assert json.loads(capsys.readouterr().out)["file"] == str(path)


def test_the_size_of_a_file_is_known_for_progress(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"123")
    with opened(str(path)) as (source, size):
        assert (source.read(), size) == (b"123", 3)


def biggest_child(code: str, *arguments: str) -> tuple[int, str]:
    """Peak memory in KiB of a process of its own, and its output."""
    tail = "\nimport resource, sys\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    done = subprocess.run(
        [sys.executable, "-c", code + tail, *arguments], check=True, capture_output=True, text=True, timeout=100
    )
    return int(done.stderr.splitlines()[-1]), done.stdout


CHECK = """
import sys
from seon.cli.oftp2.checking import Checker
from seon.oftp2.rules import Policy
Checker(Policy(), as_json=False, brief=False).check(tuple(sys.argv[1:]))
"""


def lines_of(*sent: tuple[str, c.Command]) -> str:
    return "".join(f"{side} {frame(encode(command, 5)).hex()}\n" for side, command in sent)


@pytest.mark.parametrize("between", ["\nI ", ""], ids=["a buffer a line", "a window a line"])
def test_memory_does_not_grow_with_the_session(tmp_path: Path, between: str) -> None:
    """A session of 50 MB of hex in lines of 4 kB or of 3.6 MB."""
    ssid = c.StartSession(5, "O0013", "SECRETPW", 2_048, "B", False, True, False, 900)
    sfid = c.StartFile("NAME", "20260131", "2359580001", "", "DEST", "ORIG", "U", 0, 1)
    data = frame(b"D" + (b"\x3f" + b"x" * 63) * 31).hex()
    path = tmp_path / "big.oftp"
    with path.open("w") as out:
        out.write(lines_of(("R", c.StartSessionReady()), ("I", ssid), ("R", ssid), ("I", sfid)))
        out.write(lines_of(("R", c.StartFileAccepted())))
        for _ in range(14):
            out.write("I " + between.join([data] * 900) + "\n" + lines_of(("R", c.SetCredit())))
    small, _ = biggest_child(CHECK, GOOD)
    big, said = biggest_child(CHECK, str(path))
    assert "12,600 buffers" in said
    assert path.stat().st_size > 48_000_000
    assert big - small < 3_000
