"""An address whose packets vanish: a listener whose backlog is full, so that the kernel drops each further SYN."""

import selectors
import socket
from typing import Self

LOST_SECONDS = 0.2
"""Who is not connected on loopback by then will not be."""


class Vanishing:
    """Listens on `address`, and answers nobody any more."""

    def __init__(self, address: str, port: int = 0) -> None:
        self._family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.socket(self._family)
        self._callers: list[socket.socket] = []
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, port))
        self._listener.listen(0)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        while self._connects():
            assert len(self._callers) < 100, "the backlog is never full"
        return self

    def __exit__(self, *_: object) -> None:
        for sock in (*self._callers, self._listener):
            sock.close()

    def _connects(self) -> bool:
        caller = socket.socket(self._family)
        self._callers.append(caller)
        caller.setblocking(False)
        caller.connect_ex(self._listener.getsockname())
        with selectors.DefaultSelector() as selector:
            selector.register(caller, selectors.EVENT_WRITE)
            return bool(selector.select(LOST_SECONDS))
