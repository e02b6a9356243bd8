"""granian on a listening socket that outlives certificates.

granian cannot be given another certificate while it runs. So a second one is started on the same socket, and when it
answers, the first one stops accepting and ends with its last call. Whoever connects meanwhile waits in the socket's
queue: nobody is refused, and no call that waits is cut off (measured: docs/design.md).
"""

import asyncio
import logging
import os
import socket
import ssl
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined]  # its own classes get it from there too
from granian.server.embed import Server

from seon import pki
from seon.addresses import family_of
from seon.addresses import shown as shown_address
from seon.backend.errors import OperatorError
from seon.backend.home import Home

BACKLOG = 1_024
"""Connections that wait, and calls at once: each client has one waiting call open all the time."""
START_SECONDS = 30

log = logging.getLogger("seon.api")


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises OperatorError where it cannot be opened, or another program has it."""
    listening = socket.socket(family_of(host), socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise OperatorError(f"{shown_address(host, port)} cannot be opened: {reason}") from None
    listening.setblocking(False)
    return listening


class _Granian(Server):
    """granian on a socket that was opened before."""

    def __init__(self, listening: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._listening = listening

    def _init_shared_socket(self) -> None:
        # It closes the descriptor that it gets when it ends.
        self._shd: Any = SocketHolder(os.dup(self._listening.fileno()), False, BACKLOG)  # type: ignore[call-arg]

    def end(self) -> None:
        """Accept nobody any more, and end with the last call."""
        self.stop()  # type: ignore[no-untyped-call]  # granian has no types here


class HttpsServer:
    """Serves an application by https. Belongs to one event loop."""

    def __init__(self, home: Home, listening: socket.socket, application: Any) -> None:
        self._home, self._listening, self._application = home, listening, application
        self._server: _Granian | None = None
        self._task: asyncio.Task[None] | None = None
        self._leaving: dict[asyncio.Task[None], _Granian] = {}
        self._stopped = False

    async def start(self) -> None:
        """Begin to serve with the certificate in the home, and return when that one is shown.

        Whoever served before goes on until then, and with the calls that it has. Raises OperatorError, OSError,
        SSLError or TimeoutError; then all stays as it was.
        """
        server = self._new()
        task = asyncio.get_running_loop().create_task(server.serve())
        try:
            await self._shown(task)
        except BaseException:
            self._let_go(server, task)
            raise
        if self._server is not None and self._task is not None:
            self._let_go(self._server, self._task)
        self._server, self._task = server, task
        if self._stopped:
            server.end()

    def stop(self) -> None:
        """End with the calls that are there."""
        self._stopped = True
        if self._server is not None:
            self._server.end()

    async def ended(self) -> None:
        """Return when nobody serves any more."""
        task = self._task
        while task is not None:
            await asyncio.wait([task])
            if task is self._task:
                break
            task = self._task  # it has ended because another one serves in its place
        if task is not None:
            await task

    def _new(self) -> _Granian:
        address, port = self._listening.getsockname()[:2]
        return _Granian(
            self._listening,
            self._application,
            address=address,
            port=port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.auto,
            websockets=False,
            backlog=BACKLOG,
            backpressure=BACKLOG,
            ssl_cert=self._home.https_certificate,
            ssl_key=self._home.https_key,
            log_level=LogLevels.error,
            log_dictconfig=_granian_logs(),
        )

    def _let_go(self, server: _Granian, task: asyncio.Task[None]) -> None:
        self._leaving[task] = server
        task.add_done_callback(self._gone)
        server.end()

    def _gone(self, task: asyncio.Task[None]) -> None:
        del self._leaving[task]
        if not task.cancelled() and task.exception() is not None:
            log.error("A server with an earlier certificate failed", exc_info=task.exception())

    async def _shown(self, task: asyncio.Task[None]) -> None:
        """Return as soon as /healthz answers over verified TLS with the certificate in the home."""
        wanted = pki.fingerprint(pki.certificate_in_pem(self._home.https_certificate.read_bytes()))
        context = ssl.create_default_context(cafile=str(self._home.api_ca))
        async with asyncio.timeout(START_SECONDS):
            while not self._stopped and await self._healthy(context) != wanted:
                if task.done():
                    await task
                    raise OperatorError("The https server has ended at once; its log file says more")
                await asyncio.sleep(0.02)

    async def _healthy(self, context: ssl.SSLContext) -> str:
        """Return the SHA-256 of the certificate of who answers; "" if nobody does."""
        host, port = self._listening.getsockname()[:2]
        target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        try:
            reader, writer = await asyncio.open_connection(target, port, ssl=context, server_hostname="localhost")
        except ssl.SSLError as error:
            raise OperatorError(f"The https certificate of this installation is not good: {error.reason}") from None
        except OSError:
            return ""
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await reader.readline()
        writer.close()
        return pki.fingerprint(pki.certificate_in_der(shown)) if b" 200 " in answer else ""


def _granian_logs() -> dict[str, Any]:
    """granian's own logger without handlers: its records go where all go (logs.py)."""
    names = ("_granian", "granian.access")
    loggers = {name: {"handlers": [], "level": "ERROR", "propagate": True} for name in names}
    return {"loggers": loggers, "handlers": {}, "formatters": {}}
