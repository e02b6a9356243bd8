"""Long work on the loop of a main, in slices: no pause may be longer than 50 ms, and there is no second thread."""

import asyncio
import time
from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

SLICE_SECONDS = 0.005
"""How long a slice lasts, but for the one step that may reach over its end."""


async def in_slices(steps: Generator[None, None, T]) -> T:
    """Take the steps of some work, which yields after each; the loop serves all else between two slices."""
    began = time.perf_counter()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        if time.perf_counter() - began >= SLICE_SECONDS:
            await asyncio.sleep(0)
            began = time.perf_counter()
