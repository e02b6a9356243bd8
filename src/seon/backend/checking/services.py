"""What has to run, and what has to be reached."""

import contextlib
import ipaddress
import os
import re
import socket
import ssl
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.utils import timezone

from seon.addresses import shown
from seon.backend.apilog.models import ApiLog
from seon.backend.apilog.places import check_place
from seon.backend.checking.findings import Check, Found, error, warning
from seon.backend.configuration.models import Settings
from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.https import hosts_in
from seon.backend.proxies.models import Listener, ProxyClient
from seon.backend.queue.jobs import JOBS
from seon.backend.queue.locks import QUEUE, active
from seon.backend.queue.models import Job, Service
from seon.backend.queue.watching import patience_of

SECONDS = 2.0
"""How long one connection is waited for."""
MOST_DAEMONS = 64
"""Receive daemons that are tried, so that this ends within seconds even if none of them answers."""
MOST_HOSTS = 8
"""Addresses of this host at which Seonapi is looked for."""
_SERVES = re.compile(r"seonapi_serve\.([0-9]{1,5})\.pid")


def _receive_daemon(_: Home) -> Iterator[Found]:
    settings, clients = Settings.load(), list(ProxyClient.objects.all())
    wanted: dict[tuple[str, int], str] = {}
    """Each address once, with who needs it."""
    host, port = settings.receive_daemon_host, settings.receive_daemon_port
    if host:
        wanted[host, port] = "receive_daemon"
    elif not clients or not all(client.receive_daemon_host for client in clients):
        advice = "type: seonapi set receive_daemon HOST:PORT"
        yield error("no receive daemon is set: incoming sessions are refused", "setting receive_daemon", advice)
    for client in clients:
        own = (client.receive_daemon_host or host, client.receive_daemon_port or port)
        if own[0]:
            wanted.setdefault(own, f"receive daemon of client {client}:")
    advice = "start it; if only the client's host may reach it, try from there"
    tried = list(wanted)[:MOST_DAEMONS]
    with ThreadPoolExecutor(max_workers=16) as pool:
        for address, reason in zip(tried, pool.map(_unreachable, tried), strict=True):
            if reason:
                where = f"{wanted[address]} {shown(*address)}"
                yield warning(f"the receive daemon cannot be reached from this host: {reason}", where, advice)


def _unreachable(address: tuple[str, int]) -> str:
    """Return why nothing can be reached there, "" if something is."""
    try:
        socket.create_connection(address, timeout=SECONDS).close()
    except OSError as trouble:
        return trouble.strerror or str(trouble) or "no answer"
    return ""


def _api_log(home: Home) -> Iterator[Found]:
    path = ApiLog.load().path
    if not path:
        return
    try:
        check_place(path, home.path)
    except OperatorError as trouble:
        advice = f"mend that; until then its lines are in {home.log_directory}; or choose another: seonapi log file"
        yield error(f"the API log cannot be written on this host: {trouble}", f"API log {path}", advice)


def _listeners(_: Home) -> Iterator[Found]:
    """An address of all interfaces and one of them cannot both have a port."""
    by_port = defaultdict(list)
    for listener in Listener.objects.select_related("client", "partner"):
        by_port[listener.client, listener.port].append(listener)
    for (client, port), listeners in by_port.items():
        wide = [one for one in listeners if ipaddress.ip_address(one.address).is_unspecified]
        if wide and len(listeners) > 1:
            names = " and ".join(str(one) for one in listeners)
            advice = f"give one of them another port: seonapi listener remove --client {client.name} --port {port}"
            yield error(f"two listening ports are in each other's way: {names}", f"client {client.name}", advice)


def _queue_daemon(_: Home) -> Iterator[Found]:
    start = "start it: seonapi queue, or the service seonapi-queue"
    service = Service.objects.filter(name=QUEUE).exclude(host="").first()
    if service is None:
        yield error("the Seon send queue daemon has never run", "seonapi queue", start)
        return
    if service.seen_at < timezone.now() - patience_of(Settings.load().queue_seconds):
        since = f"{service.seen_at:%Y-%m-%d %H:%M:%S} UTC"
        yield error(f"the Seon send queue daemon has done nothing since {since}", active(QUEUE), start)
    known = {work.name for work in JOBS}
    for job in Job.objects.filter(ok=False, name__in=known):
        advice = f"look into its log file; try it with seonapi queue run {job.name}"
        yield error(f"a job of the queue daemon fails: {job.result}", f"job {job.name}", advice)


def _api(home: Home) -> Iterator[Found]:
    files = [found for path in home.path.glob("seonapi_serve.*.pid") if (found := _SERVES.fullmatch(path.name))]
    if not files:
        advice = "start it: seonapi serve, or the service seonapi; not needed here if another host serves"
        yield warning("Seonapi does not serve from this home", home.path, advice)
    for found in files:
        file, port = home.path / found[0], int(found[1])
        if not _runs(file):
            advice = f"start it: seonapi serve --listen ADDRESS:{port} --replace-stale-pid"
            yield error("Seonapi has ended without removing its PID file", file, advice)
        elif not any(_answers(home, host, port) for host in _own_addresses(home)):
            advice = f"its log file {home.log_directory / 'seonapi.log'} says more; start it again"
            yield error(f"Seonapi runs, and does not answer on port {port}", file, advice)


def _own_addresses(home: Home) -> list[str]:
    hosts = ["127.0.0.1", "::1", *hosts_in(home.https_certificate)]
    return [host for host in dict.fromkeys(hosts) if host != "localhost"][:MOST_HOSTS]


def _runs(file: Path) -> bool:
    try:
        os.kill(int(file.read_text()[:20]), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True


def _answers(home: Home, host: str, port: int) -> bool:
    """Whether /healthz answers there over verified TLS."""
    context = ssl.create_default_context(cafile=str(home.api_ca))
    with (
        contextlib.suppress(OSError),
        socket.create_connection((host, port), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        secured.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b" 200 " in secured.recv(100)
    return False


SERVICES = (
    Check("receive-daemon", "each receive daemon can be reached", _receive_daemon),
    Check("api-log", "the API log can be written", _api_log),
    Check("listeners", "no two listening ports are in each other's way", _listeners),
    Check("queue-daemon", "the Seon send queue daemon runs and its jobs work", _queue_daemon),
    Check("api", "Seonapi answers", _api),
)
