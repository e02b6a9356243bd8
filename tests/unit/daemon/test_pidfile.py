"""The PID file (mission D2). What holds a lock is a process, so most of this happens in processes of their own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seon.daemon.home import StartError
from seon.daemon.pidfile import PidFile

NO_PROCESS = 4_194_304
"""Above every process id there can be (PID_MAX_LIMIT)."""

HOLDER = """
import os, sys
from pathlib import Path
from seon.daemon.home import StartError
from seon.daemon.pidfile import PidFile
path = Path(sys.argv[1])
sys.stdin.readline()  # the start, for all at once
try:
    file = PidFile.take(path, replace_stale=sys.argv[2] == "replace")
    print("taken", flush=True)
except StartError as error:
    print("refused", str(error).splitlines()[0], flush=True)
while line := sys.stdin.readline():
    print(eval(line), flush=True)
"""


class Program:
    """A process that takes a PID file when it is told to, and then does what it is told."""

    def __init__(self, path: Path, *, replace: bool = False) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path), "replace" if replace else "not"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.pid = self._process.pid

    def tell(self, line: str = "") -> None:
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def said(self) -> str:
        return self._process.stdout.readline().strip()

    def ask(self, line: str = "") -> str:
        self.tell(line)
        return self.said()

    def end(self, *, kill: bool = False) -> None:
        if kill:
            self._process.kill()
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


@pytest.fixture
def program():
    made = []

    def start(*arguments, **options) -> Program:
        made.append(Program(*arguments, **options))
        return made[-1]

    yield start
    for each in made:
        each.end(kill=True)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "x.pid"


def refusal(path: Path, **options) -> str:
    with pytest.raises(StartError) as error:
        PidFile.take(path, **options)
    return str(error.value)


def test_it_holds_the_process_id_and_goes_with_the_process(path) -> None:
    umask = os.umask(0o077)
    try:
        file = PidFile.take(path)
    finally:
        os.umask(umask)
    assert path.read_text() == f"{os.getpid()}\n"
    assert path.stat().st_mode & 0o7777 == 0o644, "whatever the umask is: everybody may see which process it is"
    assert not os.get_inheritable(file.fileno())
    assert file.remove() is True
    assert list(path.parent.iterdir()) == []
    assert file.remove() is False
    os.fstat(file.fileno())  # it stays open, and with it the lock


@pytest.mark.parametrize("replace", [False, True])
def test_a_running_program_is_named_and_nothing_takes_its_place(program, path, replace) -> None:
    first = program(path)
    assert first.ask() == "taken"
    text = refusal(path, replace_stale=replace)
    assert f"The PID file {path} exists: process {first.pid} is running; end it first, type: kill {first.pid}" in text
    assert path.read_text() == f"{first.pid}\n"


def test_the_holder_of_the_lock_counts_and_not_the_number_in_the_file(program, path) -> None:
    first = program(path)
    assert first.ask() == "taken"
    path.write_text("17\n")
    assert f"process {first.pid} is running (the file says 17)" in refusal(path, replace_stale=True)


def test_a_process_that_has_taken_a_file_cannot_lose_its_lock_by_taking_it_again(program, path) -> None:
    """To open the file and close it again would drop the lock without a word."""
    first = program(path)
    assert first.ask() == "taken"
    again = "exec('try: PidFile.take(path, replace_stale=True)\\nexcept StartError as e: said = str(e)') or said[:300]"
    assert f"this process, {first.pid}, has taken it already" in first.ask(again)
    assert f"process {first.pid} is running" in refusal(path)


def test_a_dead_process_is_named_and_said_to_be_dead(path) -> None:
    path.write_text(f"{NO_PROCESS}\n")
    text = refusal(path)
    assert f"process {NO_PROCESS} in it is dead: type: rm {path}, or start with --replace-stale-pid" in text


def test_a_program_that_was_killed_and_that_nobody_has_waited_for_is_dead(program, path) -> None:
    first = program(path)
    assert first.ask() == "taken"
    os.kill(first.pid, 9)
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
    assert f"process {first.pid} in it is dead" in refusal(path)


def test_another_program_that_got_the_number_is_named_and_said_to_be_another(path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input() # \x1b[2J", "other"], stdin=subprocess.PIPE) as other:
        path.write_text(f"{other.pid}\n")
        text = refusal(path)
        assert f"process {other.pid} in it is another program ({sys.executable} -c" in text
        assert "\x1b" not in text
        assert "is running" not in text
        other.communicate(b"\n")


def test_a_number_that_this_process_has_got_is_nobody_to_be_ended(path) -> None:
    """In a container each start has the number 1."""
    path.write_text(f"{os.getpid()}\n")
    text = refusal(path)
    assert f"its process has ended, and this one has got the number {os.getpid()}: type: rm {path}" in text
    assert "kill" not in text
    PidFile.take(path, replace_stale=True)


def test_a_program_in_another_pid_namespace_is_known_by_its_lock(program, path) -> None:
    """Seen from a container that has the same directory: the holder has no number there."""
    inside = ["unshare", "--pid", "--fork"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("makes a PID namespace: needs root and unshare")
    first = program(path)
    assert first.ask() == "taken"
    command = [*inside, sys.executable, "-c", HOLDER, str(path), "replace"]
    done = subprocess.run(command, input="\n", capture_output=True, text=True, check=True, timeout=30)
    assert "the program is running in another PID namespace, for example a container" in done.stdout
    assert f"there it is process {first.pid}" in done.stdout


def test_a_program_of_ours_that_holds_no_lock_is_not_called_another(path) -> None:
    """Versions before took none. It may as well be a server in another directory that got the number."""
    code = "import sys, setproctitle; setproctitle.setproctitle('seon_proxyserver2: main'); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as old:
        old.stdout.readline()
        path.write_text(f"{old.pid}\n")
        assert f"process {old.pid} in it (seon_proxyserver2: main) does not hold its lock" in refusal(path)
        old.communicate(b"\n")


@pytest.mark.parametrize(
    "content", [b"nonsense", b"\xff\xfe", b"0\n", b"-1\n", b"1\n2\n", b"99999999999\n", b"1" * 21, b"\0\0\0\0"]
)
def test_a_file_that_is_none_of_ours_is_quoted_and_never_written_over(path, content) -> None:
    path.write_bytes(content)
    for replace in (False, True):
        text = refusal(path, replace_stale=replace)
        assert "exists and cannot be understood" in text
        assert "look at it" in text
    assert path.read_bytes() == content


def test_an_empty_file_as_a_power_failure_leaves_it_is_replaced_on_demand_only(path) -> None:
    path.touch()
    assert "is empty" in refusal(path)
    PidFile.take(path, replace_stale=True)
    assert path.read_text() == f"{os.getpid()}\n"


def a_huge_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**12)


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "is no file but a FIFO"),
        (Path.mkdir, "is no file but a directory"),
        (lambda path: path.symlink_to("/etc/passwd"), "is no file but a symbolic link"),
        (lambda path: path.symlink_to("nothing"), "is no file but a symbolic link"),
        (lambda path: socket.socket(socket.AF_UNIX).bind(str(path)), "is no file but a device or a socket"),
        (a_huge_file, "exists and cannot be understood"),
    ],
    ids=["fifo", "directory", "link", "dangling", "socket", "huge"],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_is_no_pid_file_is_said_without_waiting_for_it(path, make, said, replace) -> None:
    make(path)
    assert said in refusal(path, replace_stale=replace)


def test_every_message_names_the_directory_and_seon_home(path, monkeypatch) -> None:
    path.write_text(f"{NO_PROCESS}\n")
    monkeypatch.setenv("SEON_HOME", str(path.parent))
    assert f"The program's directory is {path.parent}: SEON_HOME names it." in refusal(path)
    monkeypatch.delenv("SEON_HOME")
    assert "where the program lies; SEON_HOME can name another." in refusal(path.parent / "missing" / "x.pid")


def test_a_directory_that_cannot_be_written_is_named(path) -> None:
    text = refusal(path.parent / "missing" / "x.pid")
    assert "cannot be made: No such file or directory" in text


# --- its lock ---------------------------------------------------------------------------------------


def test_a_stale_file_is_taken_over_in_place(program, path) -> None:
    first = program(path)
    assert first.ask() == "taken"
    first.end(kill=True)
    before = path.stat().st_ino
    path.chmod(0o600)
    assert program(path).ask().startswith("refused")
    second = program(path, replace=True)
    assert second.ask() == "taken"
    assert path.read_text() == f"{second.pid}\n"
    assert path.stat().st_ino == before, "never removed first: of two at once, one would remove the other's"
    assert path.stat().st_mode & 0o777 == 0o644
    assert f"process {second.pid} is running" in refusal(path)


def test_a_longer_number_before_leaves_nothing(path) -> None:
    path.write_text(f"{2**31 - 1}\n")  # longer than any of ours
    PidFile.take(path, replace_stale=True)
    assert path.read_text() == f"{os.getpid()}\n"


FORK = "(lambda pid: pid or (os.close(0), os.pause() if hasattr(os, 'pause') else __import__('signal').pause()))"


def test_a_child_that_lives_on_does_not_hold_the_lock(program, path) -> None:
    """A session process may outlive a killed main until its transfer has ended: the next main starts beside it."""
    first = program(path)
    assert first.ask() == "taken"
    child = int(first.ask(f"{FORK}(os.fork())"))
    try:
        first.end(kill=True)
        os.kill(child, 0)
        assert f"process {first.pid} in it is dead" in refusal(path)
        assert program(path, replace=True).ask() == "taken"
    finally:
        os.kill(child, 9)


def test_a_child_that_closes_its_descriptors_takes_nothing_from_its_main(program, path) -> None:
    first = program(path)
    assert first.ask() == "taken"
    closing = "(lambda pid: os.waitpid(pid, 0)[1] if pid else (os.close(file.fileno()), os._exit(0)))(os.fork())"
    assert first.ask(closing) == "0"
    assert f"process {first.pid} is running" in refusal(path)


EXECUTED = """
import os, sys
from pathlib import Path
from seon.daemon.pidfile import PidFile
path = Path(sys.argv[1])
file = PidFile.adopted(path, int(sys.argv[2]))
print("again", os.get_inheritable(file.fileno()), flush=True)
while line := sys.stdin.readline():
    print(eval(line), flush=True)
"""


def test_after_exec_the_same_process_goes_on_with_lock_and_file(program, path) -> None:
    first = program(path)
    assert first.ask() == "taken"
    arguments = f"[sys.executable, '-c', {EXECUTED!r}, str(path), str(file.fileno())]"
    execute = f"(os.set_inheritable(file.fileno(), True), os.execv(sys.executable, {arguments}))"
    assert first.ask(execute) == "again False"
    assert f"process {first.pid} is running" in refusal(path)
    assert first.ask("file.remove()") == "True"
    assert not path.exists()


# --- who removes it ---------------------------------------------------------------------------------


def test_a_file_that_was_put_in_its_place_is_not_removed(path) -> None:
    file = PidFile.take(path)
    path.unlink()
    assert file.remove() is False
    path.write_text("17\n")
    assert file.remove() is False
    assert path.read_text() == "17\n"


def test_a_session_process_does_not_remove_its_mains(alone, path) -> None:
    alone(forked, path)


def forked(path: str) -> None:
    file = PidFile.take(Path(path))
    pid = os.fork()
    if pid == 0:
        os._exit(file.remove())
    assert os.waitpid(pid, 0)[1] == 0
    assert Path(path).exists()
    assert file.remove()
    assert not Path(path).exists()


# --- many at once, full disks, kills ----------------------------------------------------------------


@pytest.mark.parametrize("stale", [False, True])
@pytest.mark.parametrize("replace", [False, True])
def test_of_many_that_start_at_once_exactly_one_wins_and_all_others_name_it(program, path, replace, stale) -> None:
    for _ in range(3):
        path.unlink(missing_ok=True)
        if stale and replace:
            path.write_text(f"{NO_PROCESS}\n")
        starters = [program(path, replace=replace) for _ in range(8)]
        for each in starters:
            each.tell()
        said = {each.pid: each.said() for each in starters}
        (winner,) = (pid for pid, text in said.items() if text == "taken")
        assert path.read_text() == f"{winner}\n"
        for pid, text in said.items():
            assert pid == winner or f"process {winner} is running" in text
        for each in starters:
            each.end(kill=True)


def test_while_programs_come_and_go_there_are_never_two(program, path) -> None:
    """Each takes the file, marks a place that must be free, clears it, and removes the file; 200 times."""
    mark = path.with_name("mark")
    turns = (
        "exec('''"
        "for _ in range(200):\\n"
        "    try: file = PidFile.take(path, replace_stale=True)\\n"
        "    except StartError: continue\\n"
        f"    os.close(os.open({str(mark)!r}, os.O_CREAT | os.O_EXCL))\\n"
        f"    os.unlink({str(mark)!r})\\n"
        "    assert file.remove()\\n"
        "''') or 'never two'"
    )
    first = path.with_name("own")
    starters = [program(first.with_name(f"own{number}")) for number in range(4)]
    assert [each.ask() for each in starters] == ["taken"] * 4
    for each in starters:
        each.tell(turns)
    assert [each.said() for each in starters] == ["never two"] * 4


def test_on_a_full_disk_there_is_an_error_in_words_and_no_empty_file(alone, path) -> None:
    alone(full_disk, path)


def full_disk(path: str) -> None:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # the file can be made, and takes no octet
    try:
        with pytest.raises(StartError, match="cannot be made"):
            PidFile.take(Path(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(Path(path).parent.iterdir()) == []


@pytest.mark.parametrize("stale", ["", f"{NO_PROCESS}\n"])
def test_a_kill_at_any_step_leaves_no_file_that_names_no_process(alone, path, stale) -> None:
    """One that names a dead process can be removed by whoever starts the program again, and is replaced on demand."""
    alone(killed_at_each_step, path, stale)


def killed_at_each_step(name: str, stale: str) -> None:
    import signal

    class Step:
        """Kills this process at the audit event with a number: each system call that Python tells of is one."""

        def __init__(self, last: int) -> None:
            self.left = last

        def __call__(self, event: str, _: object) -> None:
            if event.startswith(("open", "os.", "fcntl.")):
                self.left -= 1
                if not self.left:
                    os.kill(os.getpid(), signal.SIGKILL)

    path = Path(name)
    for last in range(1, 100):
        if stale:
            path.write_text(stale)
        pid = os.fork()
        if pid == 0:
            sys.addaudithook(Step(last))
            PidFile.take(path, replace_stale=bool(stale))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        left = path.read_text().strip() if path.exists() else ""
        assert left in (stale.strip(), str(pid)), f"after {last} steps"
        if not stale:
            path.unlink(missing_ok=True)
        if status == 0:
            return
    raise AssertionError("it never came to its end")


# --- a stranger, who may only read the file ---------------------------------------------------------

_STRANGER = """
import fcntl, sys
file = open(sys.argv[1], "rb")
fcntl.lockf(file, fcntl.LOCK_SH)
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def stranger(path) -> Iterator[int]:
    """The id of a process that has a stale PID file locked for reading, as every user of the host can."""
    path.write_text(f"{NO_PROCESS}\n")
    command = [sys.executable, "-c", _STRANGER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        yield process.pid
        process.stdin.close()


def test_a_stranger_who_locks_a_stale_file_is_not_taken_for_our_program(path, stranger) -> None:
    text = refusal(path)
    assert f"process {NO_PROCESS} in it is dead: type: rm {path}, or start with --replace-stale-pid" in text
    assert f"Process {stranger}, which is none of ours, holds a lock on it; that does not matter" in text
    assert "kill" not in text


@pytest.mark.usefixtures("stranger")
def test_nor_does_he_keep_a_service_manager_from_starting_it_again(program, path) -> None:
    first = program(path, replace=True)
    assert first.ask() == "taken"
    assert path.read_text() == f"{first.pid}\n"
    assert path.stat().st_mode & 0o7777 == 0o644
    assert list(path.parent.iterdir()) == [path], "nothing else is left"
    second = program(path, replace=True)
    assert f"process {first.pid} is running" in second.ask()


@pytest.mark.usefixtures("stranger")
def test_of_many_that_start_at_once_beside_him_one_runs(program, path) -> None:
    programs = [program(path, replace=True) for _ in range(6)]
    for each in programs:
        each.tell()
    said = [each.said() for each in programs]
    assert sum(words == "taken" for words in said) == 1, said


@pytest.mark.usefixtures("stranger")
def test_what_is_no_pid_file_stays_whoever_locks_it(path) -> None:
    path.write_text("something of use")
    assert "is no PID file of ours" in refusal(path, replace_stale=True)
    assert path.read_text() == "something of use"
