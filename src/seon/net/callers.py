"""Who calls a plain port inside: looked at before a partner is dialled for it.

A stranger on the inner network, or a send daemon that is set up wrongly, speaks to this. Its octets choose one of our
texts and are left in the socket; nothing waits for them alone.
"""

import selectors
import socket
import time

from seon.net.greetings import ENOUGH, on_plain_port
from seon.net.stream import BlockingTls


def misdirected(caller: socket.socket) -> str | None:
    """Return why a caller is no send daemon by what it has sent so far; None: nothing says so. Never waits."""
    try:
        octets = caller.recv(ENOUGH, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:  # it has sent nothing, or is gone: the session will see
        return None
    return on_plain_port(octets)


def await_answer(link: BlockingTls, caller: socket.socket, deadline: float) -> str | None:
    """Wait until `link` has content, which is left there, with an eye on the caller meanwhile.

    Returns at once why the caller is no send daemon, if it says so; None when the content is there. `deadline`:
    `time.monotonic()`. Raises TlsError, EndOfStream, OSError; TimeoutError at the deadline.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(caller, selectors.EVENT_READ, caller)
        selector.register(link.sock, selectors.EVENT_READ, link)
        while not link.channel.content_waits():
            ready = [key.data for key, _ in selector.select(max(0.0, deadline - time.monotonic()))]
            if caller in ready:
                if reason := misdirected(caller):
                    return reason
                selector.unregister(caller)  # an Initiator that is early, or gone: what it is will not change
            if link in ready or not ready:
                link.take_in(deadline)
    return None
