"""The command line of `seon oftp2`, as it is called."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from seon.cli.seon import main
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame

SESSIONS = Path(__file__).parents[3] / "vectors" / "sessions"
GOOD, BAD = str(SESSIONS / "T02-level5.oftp"), str(SESSIONS / "I004.oftp")
SSID = c.StartSession(5, "O0013", "GEHEIM42", 128, "B", False, True, False, 2)


def seon(*arguments: str, octets: bytes = b"") -> Result:
    return CliRunner().invoke(main, ["oftp2", *arguments], input=octets)


def transcript(*sent: tuple[str, bytes]) -> bytes:
    return b"".join(f"{side} {octets.hex()}\n".encode() for side, octets in sent)


OPENING = (
    ("R", frame(encode(c.StartSessionReady(), 5))),
    ("I", frame(encode(SSID, 5))),
    ("R", frame(encode(SSID, 5))),
)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["check", "decode"]),
        (("check",), ["--profile", "--json", "Exit status", "seon oftp2 check --profile strict"]),
        (("decode",), ["--level", "--bare", "Exit status", "seon oftp2 decode 10 00 00 17"]),
    ],
)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_tells_options_exit_status_and_examples(arguments: tuple[str, ...], words: list[str], flag: str) -> None:
    answer = seon(*arguments, flag)
    assert answer.exit_code == 0
    assert all(word in answer.output for word in words)


def test_the_examples_of_decode_work() -> None:
    lines = [line.split()[3:] for line in seon("decode", "-h").output.splitlines() if "seon oftp2 decode" in line]
    typed = [line for line in lines if line and "--file" not in line]
    assert len(typed) == 2
    for line in typed:
        assert seon("decode", *line).exit_code == 0


# --- check ----------------------------------------------------------------------------------------------------------


def test_the_profile_decides() -> None:
    assert seon("check", BAD).exit_code == 0
    assert seon("check", "--profile", "strict", BAD).exit_code == 1
    assert seon("check", "--profile", "default", GOOD).exit_code == 0


@pytest.mark.parametrize("arguments", [(), ("--profile", "lax", GOOD), ("--json",), ("--fast", GOOD)])
def test_wrong_usage_is_status_2(arguments: tuple[str, ...]) -> None:
    assert seon("check", *arguments).exit_code == 2


def test_standard_input_is_a_file() -> None:
    answer = seon("check", "--json", "-", octets=Path(GOOD).read_bytes())
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["file"] == "-"


@pytest.mark.parametrize("profile", ["default", "strict"])
def test_json_of_all_sessions_is_as_many_lines(profile: str) -> None:
    files = sorted(map(str, SESSIONS.glob("*.oftp")))
    answer = seon("check", "--json", "--profile", profile, *files)
    assert answer.exit_code == 1
    assert answer.stderr == ""
    told = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [one["file"] for one in told] == files


def test_no_recorded_session_brings_an_escape_code_or_its_password_to_a_file() -> None:
    files = sorted(map(str, SESSIONS.glob("*.oftp")))
    for options in ((), ("--quiet",), ("--json",), ("--profile", "strict")):
        answer = seon("check", *options, *files)
        assert "\x1b" not in answer.output
        assert all(line.isprintable() for line in answer.output.splitlines())
        assert "PWI" not in answer.output
        assert "PWR" not in answer.output


def test_the_passwords_that_the_test_above_looks_for_are_in_the_sessions() -> None:
    assert b"PWI".hex() in Path(GOOD).read_text()
    assert b"PWR".hex() in Path(GOOD).read_text()


@pytest.mark.parametrize(
    "evil", [b"\x1b[31mX", b"\r\n", "\u202e".encode(), b"\xff\xfe", b"\x00" * 9, "日本".encode() * 99]
)
def test_a_hostile_text_in_any_field_is_escaped(evil: bytes) -> None:
    text = (evil * 400)[:400]
    esid = b"F06%03d" % len(text) + text + b"\r"
    sfid = encode(c.StartFile("N", "20260131", "2359580001", "", "D", "O", "U", 0, 1), 5)
    named = sfid[:1] + text[:26] + sfid[27:]
    described = sfid[:-3] + b"%03d" % len(text) + text
    for oeb in (esid, named, described, text[:100]):
        answer = seon("check", "-", octets=transcript(*OPENING, ("I", frame(oeb))))
        assert answer.exit_code in {0, 1}
        assert all(line.isprintable() for line in answer.output.splitlines())
        assert max(map(len, answer.output.splitlines())) < 800


def test_a_hostile_transcript_is_refused_or_named_quickly_and_in_few_words() -> None:
    for octets in (
        b"I " + b"0" * 3_000_001,
        b"\x1b[31m" * 100_000,
        b"I \x1b]0;title\x07\n",
        b"#" * 3_000_000 + b"\nX\n",
        b"R EOF EOF\n",
        b"\xff\xfeI\x00 \x00",
    ):
        answer = seon("check", "-", octets=octets)
        assert answer.exit_code in {1, 2}
        assert all(line.isprintable() for line in answer.output.splitlines())
        assert len(answer.output) < 1_000


def test_a_secret_is_shown_nowhere_whatever_is_wrong_around_it() -> None:
    whole = encode(SSID, 5)
    auch = encode(c.AuthenticationChallenge(b"GEHEIM42"), 5)
    aurp = encode(c.AuthenticationResponse(b"GEHEIM42".ljust(20)), 5)
    for oeb in (
        whole,
        whole[:1] + whole[2:],
        whole[:-1] + b"\n",
        whole[:40] + b"Q" + whole[41:],
        auch,
        auch[:-1],
        aurp,
    ):
        for options in ((), ("--json",)):
            answer = seon("check", *options, "-", octets=transcript(OPENING[0], ("I", frame(oeb))))
            assert "GEHEIM" not in answer.output
            assert b"GEHEIM".hex() not in answer.output


def test_a_terminal_gets_colours_and_a_file_does_not() -> None:
    command = [sys.executable, "-m", "seon.cli.seon", "oftp2", "check", "--profile", "strict", BAD]
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    assert b"\x1b[31m" in on_terminal(command, environment, status=1)
    assert b"\x1b[3" not in on_terminal(command, environment | {"NO_COLOR": "1"}, status=1)
    assert b"\x1b" not in subprocess.run(command, env=environment, capture_output=True, check=False, timeout=30).stdout


def test_octets_are_asked_for_on_a_terminal() -> None:
    command = [sys.executable, "-m", "seon.cli.seon", "oftp2", "decode"]
    seen = on_terminal(command, dict(os.environ), status=0, typed=b"52\n\x04")
    assert b"Hex from standard input" in seen
    assert b"Change Direction" in seen


def on_terminal(command: list[str], environment: dict[str, str], *, status: int, typed: bytes = b"") -> bytes:
    """Run a command on a terminal of its own; return what it prints."""
    ours, theirs = pty.openpty()
    os.write(ours, typed)
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65_536):
                seen += piece
        except OSError:  # the other end is closed
            pass
        finally:
            os.close(ours)
        assert process.wait(30) == status
    return seen


def test_a_reader_that_leaves_early_does_not_bring_a_traceback() -> None:
    command = [sys.executable, "-m", "seon.cli.seon", "oftp2", "check", *[GOOD] * 400]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


# --- decode ---------------------------------------------------------------------------------------------------------

ESID = frame(encode(c.EndSession(6), 5))


@pytest.mark.parametrize(
    ("arguments", "octets"),
    [
        ((ESID.hex(),), b""),
        ((ESID.hex(" "),), b""),
        (tuple(ESID.hex(" ").split()), b""),
        ((), ESID.hex(":").encode()),
        (("--file", "-"), ESID.hex(" ").replace(" ", "\n").encode()),
        ((), ESID),
        (("--binary",), ESID),
        ((ESID[4:].hex(),), b""),
        (("--bare", ESID[4:].hex()), b""),
        (("--binary",), ESID[4:]),
        (("--level", "5", ESID.hex()), b""),
    ],
)
def test_octets_come_in_many_ways(arguments: tuple[str, ...], octets: bytes) -> None:
    answer = seon("decode", *arguments, octets=octets)
    assert answer.exit_code == 0
    assert "command contained invalid data" in answer.output


def test_octets_come_from_a_file(tmp_path: Path) -> None:
    for name, content in (("a.hex", ESID.hex().encode()), ("a.bin", ESID)):
        (tmp_path / name).write_bytes(content)
        assert "command contained invalid data" in seon("decode", "--file", str(tmp_path / name)).output


def test_the_level_decides_how_a_command_is_read() -> None:
    efid = encode(c.EndFile(0, 70), 2).hex()
    assert seon("decode", "--level", "2", efid).exit_code == 0
    assert seon("decode", efid).exit_code == 1


def test_bare_octets_that_look_like_a_header_are_not_taken_for_one() -> None:
    assert "unknown command octet 0x10" in seon("decode", "--bare", "10000005").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("zz",), "'z' is no hex digit"),
        (("123",), "3 hex digits"),
        ((), "no octets"),
        (("--file", "/nope"), "/nope: No such file"),
        (("--file", "/"), "/: Is a directory"),
        (("52", "--file", GOOD), "not both"),
        (("--level", "3", "52"), "'3' is not one of"),
        (("--file", GOOD), "no hex digit"),
    ],
)
def test_what_cannot_be_taken_is_status_2_with_the_reason(arguments: tuple[str, ...], words: str) -> None:
    answer = seon("decode", *arguments)
    assert answer.exit_code == 2
    assert words in answer.output


def test_more_than_can_be_explained_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(9_000_000)
    answer = seon("decode", "--file", str(path))
    assert answer.exit_code == 2
    assert "seon oftp2 check" in answer.output


def test_a_password_is_shown_only_where_it_is_asked_for() -> None:
    octets = frame(encode(SSID, 5)).hex()
    assert "GEHEIM" not in seon("decode", octets).output
    assert "GEHEIM42" in seon("decode", "--show-secrets", octets).output


def test_nothing_decoded_reaches_a_file_with_an_escape_code() -> None:
    answer = seon("decode", frame(encode(c.EndSession(6, "\x1b[31m\u202e\r\n"), 5)).hex())
    assert all(line.isprintable() for line in answer.output.splitlines())
