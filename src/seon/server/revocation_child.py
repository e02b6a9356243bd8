"""The child that reads one revocation list: forked of the main, without its keys, bounded in memory and time."""

import time
from functools import partial

from seon.daemon.errand import in_a_child
from seon.link.sealing import forget_ephemeral_keys
from seon.net.context import forget_all_keys
from seon.process.memory import scrub_freed
from seon.server.opening import NAME
from seon.server.revocation_table import MAX_PREPARED, prepare

SECONDS = 120.0
"""1,000,000 entries take 2 s."""
MEMORY = 1024 * 1024 * 1024
"""Octets beyond the main's; 1,000,000 entries take 150 MB."""


async def prepare_apart(der: bytes | bytearray, issuer: str) -> bytearray:
    """Do `revocation_table.prepare` in a child. Raises ErrandError."""
    return await in_a_child(
        f"{NAME}: reads a revocation list",
        partial(_prepare, der, issuer, time.time()),
        most=MAX_PREPARED,
        seconds=SECONDS,
        memory=MEMORY,
    )


def _prepare(der: bytes | bytearray, issuer: str, now: float) -> bytes:
    """Be the child: it was forked of the main, and gives up its keys first, as session processes do."""
    forget_ephemeral_keys()
    forget_all_keys()
    scrub_freed()
    return prepare(der, issuer, now)
