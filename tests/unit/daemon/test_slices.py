"""Long work on the loop leaves room for everything else."""

import asyncio
import time

import pytest

from seon.daemon.slices import SLICE_SECONDS, in_slices


def test_what_else_waits_is_served_between_slices() -> None:
    def work():
        for _ in range(20):
            time.sleep(SLICE_SECONDS / 4)
            yield
        return "done"

    async def live() -> tuple[str, int]:
        served = 0

        async def others() -> None:
            nonlocal served
            while True:
                served += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(others())
        result = await in_slices(work())
        task.cancel()
        return result, served

    result, served = asyncio.run(live())
    assert result == "done"
    assert 2 <= served <= 20


def test_what_goes_wrong_comes_out() -> None:
    def work():
        yield
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(in_slices(work()))
