"""`seonapi serve`: granian in this process, on the event loop that the signals stop."""

import asyncio
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Sequence

from seon.addresses import canonical
from seon.addresses import shown as shown_address
from seon.backend import logs
from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.https import hosts_in
from seon.backend.https_server import START_SECONDS, HttpsServer, open_socket
from seon.backend.installation import renew_if_due

END_SECONDS = 3
KEPT_CONNECTIONS = 8
"""To PostgreSQL, while no call uses them."""

log = logging.getLogger("seon.api")


def serve(home: Home, host: str, port: int, prefixes: Sequence[str], say: Callable[[str], None]) -> None:
    """Serve https until SIGTERM or SIGINT; SIGHUP reopens the log, 20 to 24 set its level.

    `say` gets the ready line. Raises OperatorError when it cannot start.

    `prefixes`: as `prefixes.read_prefixes` returns them.
    """
    listening = open_socket(host, port)
    if renew_if_due(home):
        log.info("https certificate renewed")
    try:
        asyncio.run(_serve(home, listening, prefixes, say))
    except TimeoutError:
        raise OperatorError(f"Seonapi did not answer within {START_SECONDS} s; its log file says more") from None
    except ssl.SSLError as error:
        reason = f"{home.https_certificate} and {home.https_key} cannot be used ({error.reason})"
        raise OperatorError(f"{reason}: remove the key and run `seonapi init`; all names stay") from None
    except OSError as error:
        raise OperatorError(f"{shown_address(host, port)} cannot be served: {error}") from None


def unnamed(home: Home, host: str) -> str:
    """Return what to say of an address that is served but not in the certificate; "" if there is nothing to say."""
    address = canonical(host)
    if address.is_unspecified or address.is_loopback or str(address) in hosts_in(home.https_certificate):
        return ""
    return (
        f"note: the https certificate is not for {address}: who calls this address refuses it. "
        f"To add it, type: seonapi host add {address}"
    )


async def _serve(home: Home, listening: socket.socket, prefixes: Sequence[str], say: Callable[[str], None]) -> None:
    # Django is complete by now; these modules read its settings.
    from seon.backend.api.refusals import refusals  # noqa: PLC0415
    from seon.backend.api.waiting import watch  # noqa: PLC0415
    from seon.backend.asgi import application_below  # noqa: PLC0415
    from seon.backend.postgresql.base import kept  # noqa: PLC0415
    from seon.backend.queue.watching import keep_watch  # noqa: PLC0415
    from seon.backend.renewing import Renewing  # noqa: PLC0415

    https = HttpsServer(home, listening, application_below(prefixes))
    renewing = Renewing(home, https)

    def stop() -> None:
        watch.close()
        https.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, logs.reopen_log)
    for level_signal, level in logs.SIGNALS.items():
        loop.add_signal_handler(level_signal, logs.set_level, level)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, logs.OBEYED)
    kept.keep(KEPT_CONNECTIONS)
    await https.start()
    keeping = [
        loop.create_task(keep_watch()),
        loop.create_task(renewing.run()),
        loop.create_task(refusals.keep_telling()),
    ]
    address = shown_address(*listening.getsockname()[:2])
    log.info("Seonapi serves https://%s/", address)
    say(f"ready https://{address}/")
    await https.ended()
    for task in keeping:
        task.cancel()
    await _let_calls_end()
    refusals.tell(everything=True)
    kept.keep(0)
    log.info("Seonapi ended")


async def _let_calls_end() -> None:
    """Give calls that were answered already the time to put their things away."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    if rest:
        await asyncio.wait(rest, timeout=END_SECONDS)
