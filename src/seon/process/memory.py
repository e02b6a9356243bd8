"""What a process must not leave in memory: no core dumps, and no secrets in freed blocks.

OpenSSL overwrites keys as it frees them, but its decoders leave copies of the DER octets in blocks they have only freed
(measured). So after a key was loaded, freed blocks of all small sizes are taken once more, filled with zeros and given
back. A test reads the memory of a live session process and looks for the keys.
"""

import ctypes
import resource

_BLOCKS_PER_SIZE = 48
_SIZES = (*range(16, 1_040, 16), *range(1_040, 8_192, 128), 16_384, 32_768, 65_536)
_PR_SET_DUMPABLE = 4

_libc = ctypes.CDLL(None, use_errno=True)
_libc.malloc.restype = ctypes.c_void_p
_libc.malloc.argtypes = [ctypes.c_size_t]
_libc.free.argtypes = [ctypes.c_void_p]


def forbid_dumps() -> None:
    """Keep this process's memory out of core files and of other processes of the same user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def scrub_freed() -> None:
    """Overwrite freed blocks. Takes some milliseconds: called after a key was loaded, never on the data path."""
    taken: list[int] = []
    for size in reversed(_SIZES):
        for _ in range(_BLOCKS_PER_SIZE):
            block = _libc.malloc(size)
            if block:
                ctypes.memset(block, 0, size)
                taken.append(block)
    for block in taken:
        _libc.free(block)
    _libc.malloc_trim(0)
