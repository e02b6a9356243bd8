import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from making import chosen, script, stored

from functional.processes import eventually
from seon.backend.script import processes as module
from seon.backend.script.processes import KEPT, Processes, Result, StartError, end_left, identity_of


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    chosen(tmp_path)
    made = Processes(tmp_path)
    yield made
    made.end_all()


def ended(processes: Processes) -> Result:
    until = time.monotonic() + 20
    while not (found := processes.wait(0.2)):
        assert time.monotonic() < until
    ((_, result),) = found
    return result


def ran(processes: Processes, tmp_path: Path, text: str, seconds: float = 20, **fields: str) -> Result:
    processes.start(script(tmp_path, text, "mine"), stored(**fields), seconds)
    return ended(processes)


def test_what_a_script_says_and_its_exit_status_are_known(processes: Processes, tmp_path: Path) -> None:
    result = ran(processes, tmp_path, 'echo "$2"; echo oops >&2; exit 3')
    assert (result.output, result.exit_status, result.is_good) == (b"SRV-PORT\noops\n", 3, False)
    assert result.reason == "exit status 3"
    assert len(processes) == 0


def test_no_shell_reads_the_arguments(processes: Processes, tmp_path: Path) -> None:
    nasty = f"$(touch {tmp_path}/made) `touch {tmp_path}/made`; touch {tmp_path}/made %s '\"\n-rf *"
    result = ran(processes, tmp_path, 'printf "%s" "$7"; printf "|%s" "$SEON_FIELD_PARTNER"', partner=nasty)
    assert result.output.decode() == f"{nasty}|{nasty}"
    assert not (tmp_path / "made").exists()


def test_the_event_is_on_standard_input_also_for_one_that_reads_none_of_it(
    processes: Processes, tmp_path: Path
) -> None:
    result = ran(processes, tmp_path, "cat", partner="ü" * 2_000)
    assert result.output.startswith(b'{"severity":"critical"')
    assert ran(processes, tmp_path, "true", partner="ü" * 2_000).is_good


def test_a_script_that_hangs_is_ended_with_all_that_it_started(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE", 0.2)
    result = ran(processes, tmp_path, f"trap '' TERM; sleep 300 & echo $! > {tmp_path}/pid; sleep 300; sleep 300", 0.5)
    assert result.too_slow
    assert not result.is_good
    child = (tmp_path / "pid").read_text().strip()
    eventually(lambda: not identity_of(int(child)) or " Z " in Path(f"/proc/{child}/stat").read_text())


def test_a_flood_of_output_is_cut_and_does_not_hold_up_the_script(processes: Processes, tmp_path: Path) -> None:
    result = ran(processes, tmp_path, "head -c 500000 /dev/zero")
    assert result.is_good
    assert len(result.output) == KEPT
    assert KEPT + result.dropped <= 500_000


def test_who_keeps_the_output_open_does_not_hold_up_the_end(processes: Processes, tmp_path: Path) -> None:
    began = time.monotonic()
    assert ran(processes, tmp_path, "setsid sleep 300 & echo $!; exit 0").is_good
    assert time.monotonic() - began < 15


def test_a_script_gets_its_own_session_no_open_files_and_no_core(processes: Processes, tmp_path: Path) -> None:
    secret = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(secret, True)
    try:
        result = ran(processes, tmp_path, "ls /proc/self/fd | wc -w; umask; sleep 0.3; ulimit -c; pwd; ps -o sid= $$")
    finally:
        os.close(secret)
    descriptors, umask, core, where, session = result.output.decode().split()
    assert int(descriptors) == 4, "0, 1, 2, and the directory that ls reads"
    assert (umask, core, where) == ("0077", "0", str(tmp_path))
    assert int(session) != os.getsid(0)


def test_what_the_system_cannot_start_is_said(processes: Processes, tmp_path: Path) -> None:
    path = tmp_path / "no-program"
    path.write_text("no line that names a program\n")
    path.chmod(0o700)
    with pytest.raises(StartError, match="#!/bin/sh"):
        processes.start(path, stored(), 5)
    path.write_text("#!/no/such/shell\n")
    with pytest.raises(StartError, match="its first line names"):
        processes.start(path, stored(), 5)
    assert len(processes) == 0


def test_one_that_was_left_behind_is_ended_and_no_other(processes: Processes, tmp_path: Path) -> None:
    identity = processes.start(script(tmp_path, "sleep 300", "mine"), stored(), 300)
    boot, pid, tick = identity.split()
    assert not end_left(f"{boot} {pid} {int(tick) - 1}"), "a process of another time"
    assert not end_left(f"another-boot {pid} {tick}")
    assert not end_left("")
    assert end_left(identity)
    assert ended(processes).exit_status == -signal.SIGKILL
