"""`seonapi serve`: granian in this process, on the event loop that the signals stop."""

import asyncio
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from seon.addresses import family_of
from seon.addresses import shown as shown_address
from seon.backend import logs
from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.https import hosts_in, needs_renewal
from seon.backend.installation import renew_https

BACKLOG = 1_024
"""Connections that wait, and calls at once: each client has one waiting call open all the time."""
START_SECONDS = 30
END_SECONDS = 3

log = logging.getLogger("seon.api")


def serve(home: Home, host: str, port: int, prefixes: Sequence[str], say: Callable[[str], None]) -> None:
    """Serve https until SIGTERM or SIGINT; SIGHUP reopens the log, 20 to 24 set its level.

    `say` gets the ready line. Raises OperatorError when it cannot start.

    `prefixes`: as `prefixes.read_prefixes` returns them.
    """
    check_free(host, port)
    if needs_renewal(home.https_certificate):
        renew_https(home, hosts_in(home.https_certificate))
        log.info("https certificate renewed")
    try:
        asyncio.run(_serve(home, host, port, prefixes, say))
    except TimeoutError:
        raise OperatorError(f"Seonapi did not answer within {START_SECONDS} s; its log file says more") from None
    except ssl.SSLError as error:
        reason = f"{home.https_certificate} and {home.https_key} cannot be used ({error.reason})"
        raise OperatorError(f"{reason}: remove both and run `seonapi init`") from None
    except OSError as error:
        raise OperatorError(f"{shown_address(host, port)} cannot be served: {error}") from None


def check_free(host: str, port: int) -> None:
    """Raise OperatorError unless the port can be opened. granian shares ports, so it would not notice."""
    with socket.socket(family_of(host), socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise OperatorError(f"{shown_address(host, port)} cannot be opened: {reason}") from None


async def _serve(home: Home, host: str, port: int, prefixes: Sequence[str], say: Callable[[str], None]) -> None:
    # Django is complete by now; these modules read its settings.
    from seon.backend.api.waiting import watch  # noqa: PLC0415
    from seon.backend.asgi import application_below  # noqa: PLC0415
    from seon.backend.queue.watching import keep_watch  # noqa: PLC0415

    server = Server(
        application_below(prefixes),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.auto,
        websockets=False,
        backlog=BACKLOG,
        backpressure=BACKLOG,
        ssl_cert=home.https_certificate,
        ssl_key=home.https_key,
        log_level=LogLevels.error,
        log_dictconfig=_granian_logs(),
    )

    def stop() -> None:
        watch.close()
        server.stop()  # type: ignore[no-untyped-call]  # granian has no types here

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, logs.reopen_log)
    for level_signal, level in logs.SIGNALS.items():
        loop.add_signal_handler(level_signal, logs.set_level, level)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, logs.OBEYED)
    running = loop.create_task(server.serve())
    ready = loop.create_task(_accepts(home, host, port))
    await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
    watching = loop.create_task(keep_watch())
    if not running.done():
        await ready
        log.info("Seonapi serves https://%s/", shown_address(host, port))
        say(f"ready https://{shown_address(host, port)}/")
    await running
    watching.cancel()
    await _let_calls_end()
    log.info("Seonapi ended")


async def _let_calls_end() -> None:
    """Give calls that were answered already the time to put their things away."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    if rest:
        await asyncio.wait(rest, timeout=END_SECONDS)


async def _accepts(home: Home, host: str, port: int) -> None:
    """Return as soon as /healthz answers over verified TLS."""
    context = ssl.create_default_context(cafile=str(home.api_ca))
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    async with asyncio.timeout(START_SECONDS):
        while not await _healthy(target, port, context):
            await asyncio.sleep(0.02)


async def _healthy(host: str, port: int, context: ssl.SSLContext) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname="localhost")
    except ssl.SSLError as error:
        raise OperatorError(f"The https certificate of this installation is not good: {error.reason}") from None
    except OSError:
        return False
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = await reader.readline()
    writer.close()
    return b" 200 " in answer


def _granian_logs() -> dict[str, Any]:
    """granian's own logger without handlers: its records go where all go (logs.py)."""
    names = ("_granian", "granian.access")
    loggers = {name: {"handlers": [], "level": "ERROR", "propagate": True} for name in names}
    return {"loggers": loggers, "handlers": {}, "formatters": {}}
