"""How a session process gives up every key that its main held, before it reads an octet of OFTP2."""

from seon.link.sealing import forget_ephemeral_keys
from seon.net.context import forget_all_keys
from seon.process.memory import scrub_freed


def forget_keys() -> None:
    """Forget the keys of all TLS contexts and connections, and the key that opens sealed ones.

    Established connections go on: TLS needs its key in the handshake only.
    """
    forget_ephemeral_keys()
    forget_all_keys()
    scrub_freed()
