"""Stops a loop before every step of a main: what can happen between two awaits is tried at each of them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

OURS = "/src/seon/"
"""Tasks whose coroutine stands there are a main's; the others are the test's."""


class Steps:
    """Counts the steps that the tasks of a main take, and does something right before one of them."""

    def __init__(self) -> None:
        self._left = -1
        self._interfere: Callable[[], None] = lambda: None
        self.done = False
        """Whether it came to that step."""

    def at(self, number: int, interfere: Callable[[], None]) -> None:
        """Do this before the step with this number, counted from now."""
        self._left, self._interfere, self.done = number, interfere, False

    def over(self) -> None:
        """Count no longer."""
        self._left = -1

    def before_step(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.done = True
            self._interfere()

    def task(self, loop: asyncio.AbstractEventLoop, job: Coroutine[Any, Any, Any], **more: Any) -> "asyncio.Task[Any]":
        """Be a loop's task factory."""
        code = getattr(job, "cr_code", None)
        ours = code is not None and OURS in code.co_filename
        return asyncio.Task(_Stepped(job, self) if ours else job, loop=loop, **more)


class _Stepped(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are counted."""

    def __init__(self, job: Coroutine[Any, Any, Any], steps: Steps) -> None:
        self._job, self._steps = job, steps

    def send(self, value: Any) -> Any:
        self._steps.before_step()
        return self._job.send(value)

    def throw(self, *error: Any) -> Any:
        self._steps.before_step()
        return self._job.throw(*error)

    def close(self) -> None:
        self._job.close()

    def __await__(self) -> Any:
        return self._job.__await__()


def at_once(job: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that does not wait to its end, within the step of another.

    On a busy machine work in slices lets others go first between two of them (asyncio.sleep(0)): here nobody does.
    """
    try:
        while job.send(None) is None:
            pass
    except StopIteration:
        return
    job.close()
    raise AssertionError("it waits")
