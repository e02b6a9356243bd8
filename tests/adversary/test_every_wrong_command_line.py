"""Every wrong command line, with the real programs: status 1 or 2, what is wrong and where, no trace, nothing begun."""

import contextlib
import signal
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from functional.harness import environment
from functional.processes import kill
from seon.cli.quickstart.processes import program

Done = subprocess.CompletedProcess[str]
SECRET = "s3cr3tpassword"
TOKEN = f"seon1.{'0' * 64}.{'S3CR3T' * 6}"
LONG = "a" * 100_000
SERVER, CLIENT, PROGRAMS = "seon_proxyserver2", "seon_proxyclient2", "programs"
GOOD = {"-U": "https://127.0.0.1:1", "-S": "127.0.0.1:1", "-T": TOKEN}


def client(*more: str, **other: str) -> list[str]:
    """Return a good command line of the client, but for these."""
    chosen = GOOD | {f"-{name}": value for name, value in other.items()}
    return [CLIENT, *(word for pair in chosen.items() for word in pair), *more]


WRONG: list[tuple[Sequence[str], int, str]] = [
    ([SERVER, "-i"], 2, "'-i' requires an argument"),
    *(([SERVER, "-i", address], 2, "examples: :2878, 10.0.0.1:2878, [::1]:2878") for address in (
        "::1:2879", "host:2878", ":0", ":65536", ":99999999999999999999", ":-1", ":\u0662\u0668", "[", "[]:1", "[::1]x",
        "https://10.0.0.1", "10.0.0.1:2878\n10.0.0.2", "\x1b[31m", "a" * 3_000)),
    ([SERVER, "-l"], 2, "'-l' requires an argument"),
    ([SERVER, "-d", "-l", ""], 1, "it is not a file with a license"),
    ([SERVER, "-d", "-l", "/dev/zero"], 1, "it is not a file with a license"),
    ([SERVER, "-d", "-l", "/nonexistent/\x1b[31m"], 1, r"/nonexistent/\x1b[31m: it cannot be read"),
    ([SERVER, "-V", "-l", "a" * 300], 1, "File name too long"),
    ([SERVER, "-L", "-V"], 2, "-L and -V print different things: give one of them"),
    ([SERVER, "-x"], 2, "No such option '-x'"),
    ([SERVER, "--wait-ready", "api"], 2, "No such option '--wait-ready'"),
    ([SERVER, "surplus"], 2, "unexpected extra argument (surplus)"),
    ([CLIENT, "-U"], 2, "'-U' requires an argument"),
    ([CLIENT, "-d"], 2, "Missing option '-U'"),
    ([CLIENT, "-U", "https://h", "-T", TOKEN], 2, "Missing option '-S'"),
    *((client(U=url), 1, "-U, the URL of Seonapi: ") for url in (
        "", "h", "http://h", f"https:/u:{SECRET}@h", f"u:{SECRET}@h", "https://", "https://[", "https://[::1]:x",
        "https://h:0", "https://h:99999", f"https://u:{SECRET}@", f"https://:{SECRET}@h", f"https://u:{SECRET}%zz@h",
        f"https://u:{SECRET}/@h", f"https://u:{SECRET}@h/?q", "https://h/#f", "https://h/a b", "https://h/../x",
        "https://h\n/", "https://h\x1b[31m", "https://h\u00e9", f"https://{'a' * 300}", f"https://h/{SECRET}?{LONG}")),
    *((client(S=server), 1, "-S: ") for server in (
        "", ":1", "h:0", "h:x", "[", "[::1", "[::1]:x", "a/b", f"{SECRET}@h", "https://h", "1.2.3", "0.0.0.0",
        "224.0.0.1", "-", "h\x1b[31m", "a" * 300, LONG)),
    (client(T=""), 1, "No security token is given"),
    (client(T="-"), 1, "Standard input (-T -) is empty"),
    (client(T="@"), 1, "-T @ names no file"),
    (client(T="@/nonexistent/token"), 1, "There is no token file /nonexistent/token"),
    (client(T="@/"), 1, "The token file / is a directory"),
    (client(T="@/dev/zero"), 1, "The token file /dev/zero is no security token"),
    (client(T=f"@{'a' * 5_000}"), 1, "File name too long"),
    (client(T=SECRET), 1, "What -T gives is no security token"),
    (client(T=f"{TOKEN}{SECRET * 50}"), 1, "more than one token or something behind it"),
    (client("--wait-ready"), 2, "'--wait-ready' requires an argument"),
    (client("--wait-ready", "-d"), 2, "'-d' is not one of 'api', 'linked'"),
    (client("--wait-ready", "API"), 2, "'API' is not one of 'api', 'linked'"),
    *((client("--wait-ready", "api", seconds), 2, "only --wait-ready has a number behind it") for seconds in (
        "nan", "inf", "0", "0.05", "86401", "soon", "")),
    (client("--wait-ready", "api", "5", "6"), 2, "unexpected extra argument (6)"),
    (client("5"), 2, "'5' is not expected here"),
    *((client(option, value), 2, f"Invalid value for '{option}'") for value in ("nan", "-1", "", "x")
      for option in ("--end-if-refused", "--end-if-away")),
    (["seon", PROGRAMS], 2, "Missing argument 'DIRECTORY'"),
    (["seon", PROGRAMS, ""], 1, "No directory is named"),
    (["seon", PROGRAMS, "/dev/null"], 1, "/dev/null is not a directory"),
    (["seon", PROGRAMS, "/nonexistent/place"], 1, "Type: install -d -m 755 -o USER /nonexistent/place"),
    (["seon", PROGRAMS, "/proc"], 1, "/proc: "),
    (["seon", PROGRAMS, "a", "b"], 2, "unexpected extra argument (b)"),
]  # fmt: skip


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[Done]]]:
    """The home of all of them, and what each said."""
    home = tmp_path_factory.mktemp("wrong")
    home.chmod(0o755)

    def answer(wrong: tuple[Sequence[str], int, str]) -> Done:
        (name, *rest), _, _ = wrong
        return subprocess.run(
            [program(name), *rest], env=environment(home), capture_output=True, text=True, errors="replace",
            check=False, stdin=subprocess.DEVNULL, timeout=60, cwd=home,
        )  # fmt: skip

    with ThreadPoolExecutor(4) as pool:
        yield home, list(pool.map(answer, WRONG))
    for left in home.glob("*.pid"):  # one that was not refused
        with contextlib.suppress(ProcessLookupError):
            kill(int(left.read_text()), signal.SIGTERM)


def test_each_is_refused_with_what_is_wrong_and_no_trace(answers) -> None:
    wrong = []
    for (command, status, words), done in zip(WRONG, answers[1], strict=True):
        said = done.stdout + done.stderr
        if done.returncode != status or words not in said or "Traceback" in said:
            wrong.append(([word[:40] for word in command], done.returncode, said[-300:]))
    assert not wrong


def test_none_shows_a_secret_or_what_a_terminal_obeys(answers) -> None:
    for (command, _, _), done in zip(WRONG, answers[1], strict=True):
        said = done.stdout + done.stderr
        assert SECRET not in said, command
        assert "S3CR3T" not in said, command
        assert "\x1b" not in said, command


def test_nothing_was_begun_but_what_a_start_has_to_look_at(answers) -> None:
    """The server makes its key before it looks at the license: its refusal names the Proxy ID."""
    left = {path.name.split(".")[-1] for path in answers[0].iterdir()}
    assert left <= {"key", "log", "logrc"}
