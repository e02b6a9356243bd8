"""Putting a configuration in force, for tests that have no loop of their own."""

import asyncio

from seon.link.messages import Delivery
from seon.link.sealing import EphemeralKey
from seon.server.in_force import InForce, put_in_force


def put(delivery: Delivery, ephemeral: EphemeralKey) -> InForce:
    """Return what is in force then. Raises NotUsable."""
    return asyncio.run(put_in_force(delivery, ephemeral))
