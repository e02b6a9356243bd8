"""The life of a main: what its signals do, what ends it, and what it shows. Each scene in a process of its own."""

import asyncio
import os
import re
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from seon.daemon import life as module
from seon.daemon.background import Starter
from seon.daemon.home import StartError
from seon.daemon.life import Life, last_line, open_log, to_the_end
from seon.daemon.log import Log
from seon.daemon.notify import Notify
from seon.process.levels import Level
from seon.process.signals import hold_signals

LEVELS = {20: "TRACE", 21: "DEBUG", 22: "INFO", 23: "ERROR", 24: "FATAL"}
ENDING = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]


class Our:
    """A life, its log, and what it has called."""

    def __init__(self, directory: str) -> None:
        self.log = Log(Path(directory), "log")
        self.life = Life("seon test", "server", self.log)
        self.changed = 0
        self.life.begin(lambda: ["State one", "State two"], self._settings_changed)

    def _settings_changed(self) -> None:
        self.changed += 1

    @property
    def lines(self) -> list[str]:
        return self.log.path.read_text().splitlines() if self.log.path.exists() else []

    async def get(self, *numbers: int) -> None:
        """Get these signals, one after the other, and let the loop act on each."""
        for number in numbers:
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.02)

    async def finishing(self, done: asyncio.Event) -> None:
        await done.wait()


def play(directory: str, scene: Callable[[Our], Awaitable[None]]) -> None:
    async def live() -> None:
        async with asyncio.timeout(20):
            await scene(Our(directory))

    asyncio.run(live())


# --- signals that leave it alive --------------------------------------------------------------------------------------


def test_each_level_signal_sets_the_level_and_says_so_with_it(alone, tmp_path) -> None:
    alone(levels, tmp_path)


def levels(directory: str) -> None:
    async def scene(our: Our) -> None:
        for number, name in LEVELS.items():
            await our.get(number)
            assert our.log.level == Level[name]
            assert re.search(rf" {name} +{os.getpid()} Log level set to {name}$", our.lines[-1])
        assert not our.life.is_ending

    play(directory, scene)


def test_sigusr1_opens_the_files_again_and_says_that_settings_may_have_changed(alone, tmp_path) -> None:
    alone(reopened, tmp_path)


def reopened(directory: str) -> None:
    async def scene(our: Our) -> None:
        our.log.write("server", Level.INFO, "before")
        moved = our.log.path.rename(our.log.path.with_suffix(".old"))
        await our.get(signal.SIGUSR1)
        assert our.lines[-1].endswith("Log files opened again")
        assert len(moved.read_text().splitlines()) == 1
        assert our.changed == 1

    play(directory, scene)


def test_sigusr2_writes_the_state_whatever_the_level(alone, tmp_path) -> None:
    alone(reported, tmp_path)


def reported(directory: str) -> None:
    async def scene(our: Our) -> None:
        await our.get(24, signal.SIGUSR2)
        assert [line.partition(f" {os.getpid()} ")[2] for line in our.lines[-2:]] == ["State one", "State two"]

    play(directory, scene)


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ENDING)
def test_an_ending_signal_is_an_end_in_order_and_a_second_one_does_not_wait(alone, tmp_path, number) -> None:
    alone(ended, tmp_path, int(number))


def ended(directory: str, number: str) -> None:
    async def scene(our: Our) -> None:
        await our.get(int(number))
        assert await our.life.ended() == (0, f"signal {signal.Signals(int(number)).name}")
        never = asyncio.Event()
        ending = asyncio.create_task(our.life.unless_hurried(our.finishing(never)))
        await our.get(21, signal.SIGUSR1, signal.SIGUSR2)
        assert not ending.done(), "these do not hurry"
        await our.get(signal.SIGTERM)
        assert await ending is False
        assert "WARNING" in our.lines[-1]
        assert our.lines[-1].endswith("A second signal: ending at once, without waiting")

    play(directory, scene)


def test_what_an_orderly_end_needs_is_done_if_nobody_is_in_a_hurry(alone, tmp_path) -> None:
    alone(unhurried, tmp_path)


def unhurried(directory: str) -> None:
    async def scene(our: Our) -> None:
        await our.get(signal.SIGTERM)
        done = asyncio.Event()
        ending = asyncio.create_task(our.life.unless_hurried(our.finishing(done)))
        await asyncio.sleep(0)
        done.set()
        assert await ending is True
        assert our.lines == []

    play(directory, scene)


def test_what_goes_wrong_in_an_orderly_end_is_not_hidden(alone, tmp_path) -> None:
    alone(goes_wrong, tmp_path)


def goes_wrong(directory: str) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("nobody thought of this")

    async def scene(our: Our) -> None:
        with pytest.raises(ZeroDivisionError):
            await our.life.unless_hurried(fail())

    play(directory, scene)


def test_the_first_reason_counts_and_the_first_signal_after_it_does_not_hurry(alone, tmp_path) -> None:
    """The service manager stops what is ending already: its sessions keep the time that they were given."""
    alone(first_reason, tmp_path)


def first_reason(directory: str) -> None:
    async def scene(our: Our) -> None:
        our.life.stop(3, "the link has ended")
        our.life.stop(4, "another")
        assert await our.life.ended() == (3, "the link has ended")
        ending = asyncio.create_task(our.life.unless_hurried(our.finishing(asyncio.Event())))
        await our.get(signal.SIGTERM)
        assert not ending.done()
        await our.get(signal.SIGTERM)
        assert await ending is False
        assert await our.life.ended() == (3, "the link has ended")

    play(directory, scene)


@pytest.mark.parametrize("how", ["returns", "fails"])
def test_after_its_end_no_signal_does_anything(alone, tmp_path, how) -> None:
    """Neither those that had ended it, nor those that would stop or end a process that does not handle them."""
    alone(undisturbed, tmp_path, how)


def undisturbed(directory: str, how: str) -> None:
    async def live() -> int:
        Our(directory)
        if how == "fails":
            raise ZeroDivisionError
        return 3

    if how == "fails":
        with pytest.raises(ZeroDivisionError):
            asyncio.run(to_the_end(live()))
    else:
        assert asyncio.run(to_the_end(live())) == 3
    for number in (*ENDING, *LEVELS, signal.SIGUSR1, signal.SIGUSR2):
        os.kill(os.getpid(), number)


# --- what it shows ----------------------------------------------------------------------------------------------------


def test_whoever_has_started_it_and_the_service_manager_hear_how_it_fares(alone, tmp_path) -> None:
    alone(shown, tmp_path)


def shown(directory: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"{directory}/notify")
        manager.settimeout(5)
        reading, writing = os.pipe()
        notify = Notify({"NOTIFY_SOCKET": f"{directory}/notify"})
        life = Life("seon test", "server", Log(Path(directory), "log"), Starter(writing), notify)
        life.show("waiting for a client")
        life.ready("all is well")
        life.stop(5, "why")
        assert asyncio.run(life.ended()) == (5, "why")
        with os.fdopen(reading) as pipe:
            assert pipe.read() == "0\nall is well"
        heard = [manager.recv(1_000).decode() for _ in range(4)]
    ready = f"READY=1\nMAINPID={os.getpid()}"
    assert heard == ["STATUS=waiting for a client", ready, "STOPPING=1", "STATUS=ending: why"]
    assert Path("/proc/self/cmdline").read_text().startswith("seon test: main, ending: why")


def test_who_is_not_ready_says_why_and_goes_on(alone, tmp_path) -> None:
    alone(not_ready, tmp_path)


def not_ready(directory: str) -> None:
    reading, writing = os.pipe()
    life = Life("seon test", "server", Log(Path(directory), "log"), Starter(writing))
    life.not_ready(7, "Seonapi does not answer")
    life.ready("too late")
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "7\nSeonapi does not answer"
    assert not life.is_ending


def test_a_change_of_the_settings_is_told_to_those_who_make_lines(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "SETTINGS_SECONDS", 0.01)
    log = Log(tmp_path, "log")
    log.check()
    seen: list[Level] = []

    async def scene() -> None:
        watching = asyncio.create_task(Life("x", "server", log).watch_settings(lambda: seen.append(log.verbosity())))
        await asyncio.sleep(0.05)
        assert seen == [], "nothing has changed"
        settings = tmp_path / "log.logrc"
        settings.write_text(settings.read_text().replace('priority="info"', 'priority="trace"'))
        async with asyncio.timeout(10):
            while not seen:
                await asyncio.sleep(0.01)
        watching.cancel()

    asyncio.run(scene())
    assert seen == [Level.TRACE]


def test_a_log_that_cannot_be_written_is_a_reason_not_to_start(tmp_path) -> None:
    log = Log(tmp_path, "log")
    log.path.mkdir()
    with pytest.raises(StartError) as raised:
        open_log(tmp_path, "log", terminal=False)
    first, second = str(raised.value).splitlines()
    assert first == f"The log {log.path} cannot be written: Is a directory."
    assert f"The program's directory is {tmp_path}" in second


@pytest.mark.parametrize(("removed", "what"), [(True, "removed"), (False, "was gone already")])
def test_the_last_line_is_marked_debug_and_written_at_any_level(tmp_path, removed, what) -> None:
    log = Log(tmp_path, "log")
    log.level_changed(Level.FATAL)
    last_line(log, "server", tmp_path / "x.pid", removed)
    last = log.path.read_text().splitlines()[-1]
    assert re.search(rf" DEBUG +{os.getpid()} Process {os.getpid()} ends; PID file {tmp_path}/x.pid {what}$", last)


# --- signals before the loop and behind it ----------------------------------------------------------------------------


def lived(directory: str, *when: str) -> None:
    """Live with signals `held` before the loop, or at the end; print how that ended, and what the starter heard."""
    log = Log(Path(directory), "log")
    reading, writing = os.pipe()
    life = Life("program", "server", log, Starter(writing))
    hold_signals()
    if "level" in when:
        os.kill(os.getpid(), 24)
    if "held" in when:
        for number in ENDING:
            os.kill(os.getpid(), number)

    async def live() -> int:
        life.begin(lambda: ["all is well"], lambda: None)
        life.ready()
        if "later" in when:
            os.kill(os.getpid(), signal.SIGTERM)
        status, reason = await life.ended()
        print(reason)
        print(await life.unless_hurried(asyncio.sleep(0)))
        os.kill(os.getpid(), signal.SIGTERM)
        return status

    status = asyncio.run(to_the_end(live()))
    os.kill(os.getpid(), signal.SIGINT)
    print(status)
    print(os.read(reading, 1_000).decode().replace("\n", "|"))


def test_a_level_chosen_in_the_start_counts_from_the_first_moment_on(alone, tmp_path) -> None:
    alone(lived, tmp_path, "level", "later")
    assert any("Log level set to FATAL" in path.read_text() for path in tmp_path.glob("log*"))


def test_a_signal_in_the_start_ends_the_program_before_it_counts_as_ready(alone, tmp_path) -> None:
    reason, done, status, word = alone(lived, tmp_path, "held").splitlines()
    assert reason == "SIGHUP came during the start"
    assert done == "True", "three signals held are one: nothing is hurried"
    assert status == "129"
    assert word == "129|The program has ended: SIGHUP came during the start"


def test_a_signal_in_the_last_moment_of_an_end_changes_nothing(alone, tmp_path) -> None:
    assert alone(lived, tmp_path, "later").splitlines() == ["signal SIGTERM", "True", "0", "0|"]
