"""`seon station`: an OFTP2 station on the command line, to receive and to send files."""

import hashlib
import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from seon.addresses import AddressError, read_listener, read_target
from seon.addresses import shown as shown_address
from seon.events import shown
from seon.net.channel import TlsError
from seon.oftp2.errors import LocalError
from seon.oftp2.session_start import Profile
from seon.station.inbox import Inbox
from seon.station.keys import KeyPairAuthenticator, OwnKey, PeerKey
from seon.station.naming import moment, virtual_name
from seon.station.outbox import Outbox
from seon.station.outgoing import Addressing, describe
from seon.station.receipts import ReceiptBook
from seon.station.send import Call, Order
from seon.station.serve import Server
from seon.station.taker import Report
from seon.station.tls import StationTls, TlsFiles

PLAIN_PORT, TLS_PORT = 3305, 6619
F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIRECTORY = click.Path(file_okay=False, path_type=Path)


class Secret(click.ParamType[str]):
    """A password, or `@FILE` with it in the first line: a command line is visible to every user."""

    name = "text|@file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the password."""
        if not value.startswith("@"):
            return str(value)
        try:
            return Path(value[1:]).read_text("utf-8").partition("\n")[0]
        except OSError as error:
            self.fail(f"{value[1:]}: {error.strerror}", param, ctx)


_SHARED = (
    click.option("--code", required=True, metavar="CODE", help="Own identification code (SSIDCODE)."),
    click.option(
        "--password",
        type=Secret(),
        required=True,
        envvar="SEON_STATION_PASSWORD",
        help="Own password (SSIDPSWD), or @FILE; also from SEON_STATION_PASSWORD.",
    ),
    click.option("--expect-code", "expect_codes", multiple=True, metavar="CODE", help="A code the peer may have."),
    click.option(
        "--expect-password", type=Secret(), envvar="SEON_STATION_EXPECT_PASSWORD", help="The peer's password, or @FILE."
    ),
    click.option("--level", type=click.Choice(["1", "2", "4", "5"]), default="5", show_default=True),
    click.option(
        "--buffer", "buffer_size", type=click.IntRange(128, 99_999), default=65_535, show_default=True, metavar="OCTETS"
    ),
    click.option("--credit", type=click.IntRange(1, 999), default=20, show_default=True, metavar="BUFFERS"),
    click.option("--compression/--no-compression", default=True, show_default=True, help="Buffer compression."),
    click.option("--restart/--no-restart", default=True, show_default=True),
    click.option("--format", "format_", type=click.Choice(["U", "T", "F", "V"]), default="U", show_default=True,
                 help="Of files sent. V: each record behind its length, 2 octets, most significant first."),
    click.option("--record-length", type=click.IntRange(0, 99_999), default=0, metavar="OCTETS", help="For F and V."),
    click.option("--tls", is_flag=True, help="TLS with certificates on both sides."),
    click.option("--cert", type=_FILE, help="Own certificate, PEM, chain behind it."),
    click.option("--key", type=_FILE, help="Its key, PEM."),
    click.option("--ca", type=_FILE, help="Certificates of peers, or of CAs that issued theirs, PEM."),
    click.option("--secure-authentication", is_flag=True,
                 help="Both sides prove their session keys (SSIDAUTH): we challenge in AES-256, they in AES or 3DES."),
    click.option("--session-key", type=_FILE,
                 help="Own RSA key for authentication and for signing receipts, PEM without password."),
    click.option("--session-certificate", type=_FILE, help="Its certificate, PEM, chain behind it."),
    click.option("--peer-certificate", type=_FILE, help="The peer's session certificate, PEM."),
    click.option("--signed-receipts", is_flag=True, help="Ask for signed receipts of files sent (SFIDSIGN)."),
    click.option("--cipher-suite", type=click.IntRange(1, 6), default=4, show_default=True, metavar="NUMBER",
                 help="Of the receipts asked for (SFIDCIPH): 1, 2 SHA-1; 3, 4 SHA-256; 5, 6 SHA-512."),
    click.option("--receipts", type=_DIRECTORY, help="Where signed receipts that come are kept, as CMS files."),
    click.option("--turn-after", type=click.IntRange(0), default=0, show_default=True, metavar="FILES",
                 help="Incoming files after which the turn is asked for, to hand over receipts; 0: never."),
    click.option("--idle", type=click.FloatRange(1), default=300.0, show_default=True, metavar="SECONDS"),
    click.option("--max-size", type=click.IntRange(1), default=10**12, metavar="OCTETS", help="Of one incoming file."),
    click.option("--sync/--no-sync", default=True, show_default=True, help="Incoming files are on disk when accepted."),
    click.option("--json", "as_json", is_flag=True, help="One JSON object per event on standard output."),
)  # fmt: skip


def shared(command: F) -> F:
    """Add the options that both commands have."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


@click.group()
def station() -> None:
    """An OFTP2 station: send and receive files over TCP or TLS."""


@station.command()
@click.option(
    "--listen", default=f"127.0.0.1:{PLAIN_PORT}", show_default=True, metavar="[IP]:PORT", help="Port 0: any."
)
@click.option("--inbox", type=_DIRECTORY, required=True, help="Where incoming files go.")
@click.option("--outbox", type=_DIRECTORY, help="Files for any caller; those in its folder CODE only for that one.")
@click.option("--receipt", type=click.Choice(["EERP", "NERP", "none"]), default="EERP", show_default=True)
@click.option("--sessions", type=click.IntRange(1, 10_000), default=64, show_default=True, help="At a time.")
@click.option("--once", is_flag=True, help="End after one session.")
@shared
def serve(listen: str, inbox: Path, outbox: Path | None, **options: Any) -> None:
    """Take calls. Prints `ready HOST:PORT` when it listens; SIGTERM and Ctrl-C end it."""
    host, port = _listen_address(listen)
    report = _reporter(as_json=options["as_json"])
    try:
        server = Server(
            profile=_profile(options, "B"),
            inbox=Inbox(inbox, most=options["max_size"], sync=options["sync"]),
            outbox=_outbox(outbox, options),
            report=report,
            tls=_tls(options, listening=True),
            idle_seconds=options["idle"],
            sessions=options["sessions"],
            receipt=options["receipt"],
            once=options["once"],
            **_keys(options),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.stop.set())
        server.run(host, port, lambda host, port: click.echo(f"ready {shown_address(host, port)}"))
    except (OSError, ValueError, LocalError, TlsError) as error:
        _fail(error)


@station.command()
@click.argument("target", metavar="HOST[:PORT]")
@click.argument("files", nargs=-1, type=_FILE)
@click.option("--name", help="Virtual file name, for one file; else from the file's own.")
@click.option("--destination", metavar="CODE", help="Final recipient; the first --expect-code if not given.")
@click.option("--originator", metavar="CODE", help="Originator; the own code if not given.")
@click.option(
    "--moment", "stamp", metavar="CCYYMMDDHHMMSScccc", help="Identity of the files in time; now if not given."
)
@click.option("--resume", is_flag=True, help="Part of the files may have arrived: offer a restart (give --moment too).")
@click.option("--attempts", type=click.IntRange(1, 100), default=1, show_default=True, help="Sessions at most.")
@click.option("--wait-receipt/--no-wait-receipt", default=True, show_default=True, help="Success needs the receipts.")
@click.option("--inbox", type=_DIRECTORY, help="Take files too, into this directory.")
@shared
def send(target: str, files: tuple[Path, ...], **options: Any) -> None:
    """Send files. Exit status 0: all were accepted, and their receipts came."""
    if options["name"] and len(files) > 1:
        raise click.UsageError("--name is for one file")
    report = _reporter(as_json=options["as_json"], brief=sys.stderr.isatty())
    try:
        host, port = _target(target, TLS_PORT if options["tls"] else PLAIN_PORT)
        inbox = options["inbox"]
        call = Call(
            profile=_profile(options, "B" if inbox else "S"),
            host=host,
            port=port,
            report=report,
            tls=_tls(options, listening=False),
            inbox=Inbox(inbox, most=options["max_size"], sync=options["sync"]) if inbox else None,
            idle_seconds=options["idle"],
            **_keys(options),
        )
        orders = _orders(files, options)
        started = time.monotonic()
        with Progress(sum(order.path.stat().st_size for order in orders)) as progress:
            wait, attempts = options["wait_receipt"], options["attempts"]
            good = call.send(orders, wait_receipt=wait, attempts=attempts, told=progress.moved)
        seconds = time.monotonic() - started
    except (OSError, ValueError, LocalError, TlsError) as error:
        _fail(error)
    _summary(orders, good=good, seconds=seconds, as_json=options["as_json"])
    sys.exit(0 if good else 1)


def _orders(files: tuple[Path, ...], options: dict[str, Any]) -> list[Order]:
    expected = options["expect_codes"]
    destination = options["destination"] or (expected[0] if expected else "")
    if files and not destination:
        raise click.UsageError("--destination is missing (or --expect-code)")
    if options["format_"] in "FV" and not options["record_length"]:
        raise click.UsageError("--record-length is missing: formats F and V have records")
    addressing = Addressing(
        destination,
        options["originator"] or options["code"],
        options["format_"],
        options["record_length"],
        _asked_suite(options),
    )
    now = time.time()
    orders = []
    for number, path in enumerate(files):
        name = options["name"] or virtual_name(path)
        stamp = options["stamp"] or moment(now, number + time.time_ns() // 100_000)
        orders.append(Order(path, describe(path, name, stamp, addressing), resume=options["resume"]))
    return orders


def _summary(orders: list[Order], *, good: bool, seconds: float, as_json: bool) -> None:
    octets = sum(_size(order.path) for order in orders if order.sent)
    if not as_json:
        for order in orders:
            fate = "sent" if order.sent else "refused" if order.refused else "not sent"
            receipt = f", receipt {order.receipt}" if order.receipt else ""
            signature = f", its signature is {order.proof.value}" if order.proof.value else ""
            click.echo(f"{order.path}: {fate}{receipt}{signature}")
        click.echo(f"{octets} octets in {seconds:.2f} s, {octets / max(seconds, 1e-6) / 1e6:.0f} MB/s")
        return
    files = [
        {
            "path": str(order.path),
            "name": order.start.name,
            "moment": order.start.date + order.start.time,
            "octets": _size(order.path),
            "sha256": _sha256(order.path),
            "sent": order.sent,
            "receipt": order.receipt,
            "signature": order.proof.value,
        }
        for order in orders
    ]
    receipts = sum(bool(order.receipt) for order in orders)
    _print_json({"ok": good, "files": files, "octets": octets, "seconds": round(seconds, 4), "receipts": receipts})


def _size(path: Path) -> int:
    """Return a file's octets; 0 if it was taken away meanwhile: it was sent all the same."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _sha256(path: Path) -> str:
    """Return a file's SHA-256 in hex; empty if it cannot be read any more."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


class Progress:
    """A progress bar on a terminal, nothing elsewhere. `total`: octets of all files."""

    def __init__(self, total: int) -> None:
        self._bar = click.progressbar(length=total, file=sys.stderr, label="sending") if sys.stderr.isatty() else None
        self._seen: dict[int, int] = {}

    def __enter__(self) -> "Progress":
        if self._bar:
            self._bar.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.render_finish()

    def moved(self, order: Order) -> None:
        """Show how far an order is."""
        if self._bar:
            before, self._seen[id(order)] = self._seen.get(id(order), 0), order.octets
            self._bar.update(max(0, order.octets - before))


_ROUTINE = {"session-started", "file-started", "file-sent", "receipt-received", "receipt-sent"}
"""What a progress bar shows better."""


def _reporter(*, as_json: bool, brief: bool = False) -> Report:
    """Return what prints events: to standard output as JSON, to standard error in words. Threads may share it.

    `brief`: what goes as it should is not printed, except as JSON.
    """
    lock = threading.Lock()

    def report(what: str, values: dict[str, object]) -> None:
        with lock:
            if as_json:
                _print_json({"event": what, "at": round(time.time(), 3)} | values)
            elif not (brief and (what in _ROUTINE or values.get("orderly"))):
                text = " ".join(f"{name}={shown(value)}" for name, value in values.items() if value not in ("", None))
                click.echo(f"{what} {text}", err=True)

    return report


def _print_json(values: dict[str, object]) -> None:
    click.echo(json.dumps(values))


def _profile(options: dict[str, Any], direction: str) -> Profile:
    return Profile(
        code=options["code"],
        password=options["password"],
        level=int(options["level"]),
        buffer_size=options["buffer_size"],
        credit=options["credit"],
        direction=direction,
        compression=options["compression"],
        restart=options["restart"],
        authentication=options["secure_authentication"],
        peer_codes=frozenset(options["expect_codes"]),
        peer_password=options["expect_password"],
    )


def _outbox(directory: Path | None, options: dict[str, Any]) -> Outbox | None:
    if directory is None:
        return None
    return Outbox(
        directory,
        format=options["format_"],
        record_length=options["record_length"],
        signed_receipts=_asked_suite(options),
    )


def _asked_suite(options: dict[str, Any]) -> int:
    """Return the cipher suite of the signed receipts to ask for; 0: none."""
    return options["cipher_suite"] if options["signed_receipts"] else 0


def _keys(options: dict[str, Any]) -> dict[str, Any]:
    """Return what authentication and signed receipts need, as Call and Server take it."""
    key, certificate, peer_file = (options[name] for name in ("session_key", "session_certificate", "peer_certificate"))
    if bool(key) != bool(certificate):
        raise click.UsageError("--session-key and --session-certificate go together")
    if options["secure_authentication"] and not (key and peer_file):
        raise click.UsageError(
            "--secure-authentication needs --session-key, --session-certificate and --peer-certificate"
        )
    if options["signed_receipts"] and not peer_file:
        raise click.UsageError("--signed-receipts needs --peer-certificate, to check them")
    if options["signed_receipts"] and options["level"] != "5":
        raise click.UsageError("--signed-receipts needs --level 5")
    own = OwnKey.load(key, certificate) if key else None
    peer = PeerKey.load(peer_file) if peer_file else None
    return {
        "own": own,
        "authenticator": KeyPairAuthenticator(own, peer) if own and peer else None,
        "book": ReceiptBook(peer, options["receipts"]),
        "turn_after": options["turn_after"],
    }


def _tls(options: dict[str, Any], *, listening: bool) -> StationTls | None:
    if not options["tls"]:
        return None
    if not (options["cert"] and options["key"] and options["ca"]):
        raise click.UsageError("--tls needs --cert, --key and --ca")
    return StationTls(TlsFiles(options["cert"], options["key"], options["ca"]), listening=listening)


def _target(text: str, default_port: int) -> tuple[str, int]:
    """Return host and port to dial."""
    try:
        return read_target(text, default_port)
    except AddressError as error:
        raise ValueError(f"HOST[:PORT]: {error}") from None


def _listen_address(text: str) -> tuple[str, int]:
    """Return host ("" = every address) and port; 0 is a free one."""
    try:
        return read_listener(text, None, least_port=0)
    except AddressError as error:
        raise click.UsageError(f"--listen: {error}; the form is [IP]:PORT") from None


def _fail(error: Exception) -> NoReturn:
    text = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
    click.echo(f"seon station: {text}", err=True)
    sys.exit(1)
