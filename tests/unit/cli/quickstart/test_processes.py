"""The quick start's processes and ports."""

import os
import socket
import sys

import pytest

from seon.cli.quickstart.processes import (
    TIMED_OUT,
    Process,
    ProcessError,
    attempt,
    free_port,
    program,
    run,
)


def python(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


def test_a_program_is_awaited_by_what_it_says(tmp_path) -> None:
    process = Process("x", python("print('ready 1'); print('ready 2'); input()"), tmp_path / "x.txt")
    with pytest.raises(ProcessError, match="ended with status 1"):
        process.wait_for("never", 20)
    assert process.wait_for(r"ready (\d)")[1] == "1"
    assert process.wait_for(r"ready (\d)")[1] == "2"
    assert process.ended() == 1
    assert "EOFError" in process.last_words()


def test_a_program_that_does_not_get_ready_is_told_with_its_last_words(tmp_path) -> None:
    process = Process("slow", python("import time; print('so far'); time.sleep(60)"), tmp_path / "x.txt")
    process.wait_for("so far")
    with pytest.raises(ProcessError, match=r"did not get ready within 0.1 s(.|\n)*so far"):
        process.wait_for("ready", 0.1)
    process.stop()
    process.gone()
    assert process.ended() == -15


def test_a_program_gets_its_own_home_and_no_other_setting_of_ours(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SEON_TOKEN", "secret")
    monkeypatch.setenv("SEON_HOME", "/elsewhere")
    text = run(python("import os; print({k: v for k, v in os.environ.items() if k[:4] == 'SEON'})"), tmp_path)
    assert text.strip() == str({"SEON_HOME": str(tmp_path)})


def test_a_program_that_fails_is_told_with_its_output() -> None:
    with pytest.raises(ProcessError, match=r"status 3(.|\n)*what was wrong"):
        run(python("import sys; print('what was wrong'); sys.exit(3)"))


def test_a_program_that_does_not_end_in_time_is_ended_and_what_it_said_is_kept() -> None:
    code = "import time; print('said', flush=True); time.sleep(60)"
    done = attempt([sys.executable, "-c", code], seconds=2)
    assert (done.returncode, done.stdout) == (TIMED_OUT, "said\n")


def test_a_taken_port_is_replaced_and_none_is_given_twice() -> None:
    taken: set[int] = set()
    with socket.create_server(("127.0.0.1", 0)) as sock:
        wanted = sock.getsockname()[1]
        assert free_port(wanted, taken) != wanted
    free = free_port(wanted, taken)
    assert free == wanted
    assert free_port(wanted, taken) != wanted
    assert len(taken) == 3


def test_our_programs_lie_beside_the_interpreter() -> None:
    assert os.access(program("seon"), os.X_OK)
