"""Work in a child of its own: what it gives back, and all the ways in which it can fail. Real forks."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import time
from collections.abc import Callable

from seon.daemon import errand
from seon.daemon.errand import ErrandError, in_a_child
from unit.daemon.forks import descriptors, no_process_is_left_soon

MIB = 1024 * 1024


def do(job: Callable[[], bytes], most: int = 64 * MIB, seconds: float = 20, memory: int = 256 * MIB) -> bytes:
    async def scene() -> bytes:
        before = descriptors()
        try:
            return await in_a_child("errand", job, most=most, seconds=seconds, memory=memory)
        finally:
            await no_process_is_left_soon()
            assert descriptors() == before

    return asyncio.run(scene())


def failure(job: Callable[[], bytes], **how) -> str:
    try:
        do(job, **how)
    except ErrandError as error:
        return str(error)
    raise AssertionError("it has not failed")


def test_what_a_child_makes_is_returned_whole(alone) -> None:
    alone(returned)


def returned() -> None:
    octets = os.urandom(MIB) * 30
    assert do(lambda: octets) == octets
    assert do(lambda: b"") == b""
    assert do(lambda: b"%d" % os.getpid()) != b"%d" % os.getpid()


def test_a_child_has_nothing_of_its_mains_and_is_less_urgent(alone) -> None:
    alone(nothing_else)


def nothing_else() -> None:
    strange = socket.socketpair()
    nice = os.nice(0)

    def job() -> bytes:
        assert strange[0].fileno() not in descriptors()
        assert len(descriptors()) == 5  # the standard streams, its line, and its result
        assert os.nice(0) == min(19, nice + errand.NICE)
        return b"done"

    assert do(job) == b"done"


def test_a_child_that_fails_or_is_killed_is_told_of(alone) -> None:
    alone(failed)


def failed() -> None:
    def fails() -> bytes:
        raise ValueError("no such thing")

    assert failure(fails) == "its process has failed, exit status 70 (ValueError: no such thing)"
    assert failure(lambda: os.kill(os.getpid(), signal.SIGSEGV)) == "its process has failed, signal 11"


def test_a_child_that_takes_too_long_says_too_much_or_wants_too_much_is_ended(alone) -> None:
    alone(ended)


def ended() -> None:
    began = time.monotonic()
    assert failure(lambda: time.sleep(60), seconds=0.2) == "it took more than 0.2 s"
    assert failure(lambda: b"x" * MIB, most=MIB - 1) == "its process has said too much"
    assert "MemoryError" in failure(lambda: bytes(200 * MIB), memory=64 * MIB)
    assert time.monotonic() - began < 10


def test_whoever_waits_for_a_child_may_stop_waiting(alone) -> None:
    alone(cancelled)


def cancelled() -> None:
    async def scene() -> None:
        job = asyncio.create_task(in_a_child("errand", lambda: time.sleep(60), most=1, seconds=60, memory=MIB * 64))
        await asyncio.sleep(0.2)
        job.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await job
        await no_process_is_left_soon()

    asyncio.run(scene())


def test_without_a_process_nothing_is_done(alone) -> None:
    alone(no_process)


def no_process() -> None:
    def refuse(*_) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    errand.fork = refuse
    assert failure(lambda: b"x") == "there is no process for it: Resource temporarily unavailable"


def test_the_main_serves_on_while_a_child_works(alone) -> None:
    alone(serves_on)


def serves_on() -> None:
    async def scene() -> None:
        longest, last, octets = 0.0, time.monotonic(), bytes(30 * MIB)

        async def beat() -> None:
            nonlocal longest, last
            while True:
                await asyncio.sleep(0.001)
                longest, last = max(longest, time.monotonic() - last), time.monotonic()

        beating = asyncio.create_task(beat())
        for _ in range(3):
            assert await in_a_child("errand", lambda: octets, most=64 * MIB, seconds=20, memory=256 * MIB) == octets
        beating.cancel()
        assert longest < 0.5, "a loaded host; measured alone it is below 0.05 s"
        print(f"longest pause {longest * 1_000:.1f} ms")

    asyncio.run(scene())
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
