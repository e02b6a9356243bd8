"""The background tasks of a main: each has a name and an owner that hears of its failure."""

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

Trouble = Callable[[str, BaseException], None]
"""Told which task failed, and of what. It must not raise."""


class Tasks:
    """Keeps tasks alive (the loop holds only weak references) and hands every failure to one place."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, job: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run a job; `name` says what it does, in words that fit behind "internal error while"."""
        task = asyncio.get_running_loop().create_task(job, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._trouble(task.get_name(), error)

    async def end(self) -> None:
        """Cancel what still runs, and wait for it."""
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def words_of(error: BaseException) -> str:
    """Return the kind of an error and the place where it came from: nothing of what a stranger may have sent."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}{where}"
