"""No dumps, and no secrets in freed blocks."""

import ctypes
import resource
from pathlib import Path


def test_a_process_that_forbids_dumps_makes_none_and_is_not_read_by_its_own_user(alone) -> None:
    alone(forbidden)


def forbidden() -> None:
    from seon.process.memory import forbid_dumps

    forbid_dumps()
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0, "PR_GET_DUMPABLE"


def test_freed_blocks_are_overwritten(alone) -> None:
    alone(freed)


def freed() -> None:
    from seon.process.memory import scrub_freed

    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    secret = bytes((97 + n * 7 % 26) ^ 0x80 for n in range(64))  # as octets only here, at run time
    blocks = []
    for size in (121, 300, 1_200):
        block = libc.malloc(size)
        ctypes.memmove(block + 32, secret, 64)
        blocks.append(block)
    before = occurrences(secret)
    for block in blocks:
        libc.free(block)
    scrub_freed()
    assert before - occurrences(secret) >= 3, "every copy in a freed block is gone"


def occurrences(octets: bytes) -> int:
    count = 0
    with Path("/proc/self/maps").open() as maps, Path("/proc/self/mem").open("rb", 0) as memory:
        for line in maps.read().splitlines():
            if " rw-p " not in line or "[v" in line:
                continue
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            try:
                memory.seek(start)
                found = memory.read(end - start)
            except (OSError, ValueError):
                continue
            count += found.count(octets[:40] + octets[40:])
            del found
    return count
