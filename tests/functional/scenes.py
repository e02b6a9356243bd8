"""Sessions by hand for tests of their ends: who is who in either direction, a link to be cut, and what is told."""

import contextlib
import re
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from functional.ends import ByHand, Wire, _partner_tls, start
from functional.harness import OUR_CODE, PARTNER_CODE, PASSWORD, Site
from functional.peers import BROKEN, WAIT_SECONDS, Partner, next_call, offer
from seon.cli.quickstart.processes import Process
from seon.daemon.pidfile import OPTION
from seon.net.stream import BlockingTls
from seon.oftp2 import commands as c
from seon.oftp2.session_start import Profile
from seon.station.wire import PlainWire

SIDES = ("server", "client")
HOPS = {"server": "dmz", "client": "inside"}
IDLE_AT_SERVER, IDLE_AT_CLIENT = 2, 5
"""Settings of idle_seconds: with the second the client gives up first, after one second (`_API`)."""
MOST = 1_000_000
"""Octets of a file that the client allows; the server does not know of it."""
NOT_INSIDE = "not-inside"
"""A partner that the server knows and the client does not let in."""
_API = f"""
import sys
import msgspec
from seon.backend.loading import choose_home, load_django
choose_home(None)
load_django()
from seon.backend import snapshot
from seon.backend.partners.carried import Partners
from seon.config import PartnerFileRules, PartnerRules

class Margin(int):
    def __radd__(self, seconds):
        return 1 if seconds == {IDLE_AT_CLIENT} else seconds + 30

def demanding(partners, made=Partners.of_client):
    files = PartnerFileRules(names=("OK*",), max_octets={MOST})
    rules = PartnerRules(rules={{"POL-SIZE": "refuse"}}, incoming=files, outgoing=files)
    for inside in made(partners):
        yield msgspec.structs.replace(inside, rules=rules, enabled=inside.id != "{NOT_INSIDE}")

snapshot.CLIENT_IDLE_MARGIN = Margin()
Partners.of_client = demanding
from seon.cli.seonapi import main
main(sys.argv[1:])
"""
"""Seonapi that demands of the client what the server does not know, and can let the client be the one that gives up."""


def soon(what: Callable[[], object], why: str) -> None:
    """Wait until `what()` is true: with short pauses, for there are many sessions to wait for."""
    until = time.monotonic() + WAIT_SECONDS
    while not what():
        assert time.monotonic() < until, f"not within {WAIT_SECONDS:g} s: {why}"
        time.sleep(0.01)


def launch_demanding_api(site: Site) -> Process:
    """Start Seonapi with what is above."""
    arguments = ["-c", _API, "serve", "--listen", f"127.0.0.1:{site.ports.seonapi}", OPTION]
    process = Process(
        "seonapi", [sys.executable, *arguments], site.layout.output / "demanding.txt", site.layout.seonapi
    )
    site.running["seonapi"] = process
    site.leaders.append(process.pid)
    process.wait_for(r"ready \S+")
    return process


class Forwarder:
    """The network between the two hosts: it hands on what comes, and can be cut for the newest connection."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        """Each connection there was: the client's end, then the server's."""
        self._left: dict[socket.socket, int] = {}
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Give everything up."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in self.pairs:
            self._cut(pair)

    def cut_newest(self) -> None:
        """Close the newest connection: the link of the session that began last."""
        self._cut(self.pairs[-1])

    def cut_newest_after(self, octets: int) -> None:
        """Close it when so many octets more have gone either way."""
        self._left[self.pairs[-1][0]] = octets

    @staticmethod
    def _cut(pair: tuple[socket.socket, socket.socket]) -> None:
        for sock in pair:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = self._listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self._to), WAIT_SECONDS)
                far.settimeout(None)
                self.pairs.append((near, far))
                threading.Thread(target=self._forward, args=(near, far), daemon=True).start()

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        others = {near: far, far: near}
        with near, far, contextlib.suppress(OSError):
            while others:
                for sock in select.select(list(others), [], [])[0]:
                    octets = sock.recv(65_536)
                    if not octets:
                        others.pop(sock).shutdown(socket.SHUT_WR)
                    elif (left := self._left.get(near)) is not None and left < len(octets):
                        others[sock].sendall(octets[:left])
                        self._cut((near, far))
                        return
                    else:
                        others[sock].sendall(octets)


class Scene:
    """One session, from its first octet to its end; the test is both stations."""

    def __init__(self, world: "World", incoming: bool, caller: Wire, called: Wire) -> None:
        self.site, self.link, self.incoming = world.site, world.link, incoming
        self.caller, self.called = ByHand(caller), ByHand(called)
        self.partner, self.station = (self.caller, self.called) if incoming else (self.called, self.caller)
        self.session = ""
        self.logged = world.logged()

    def begin(self) -> None:
        """Let SSRM pass: before it an outgoing session does not run."""
        self.called.send(c.StartSessionReady())
        self.caller.receive()
        self.identify()

    def identify(self) -> None:
        """Wait until the session runs on both hosts, and learn its id."""
        for side in SIDES:
            soon(lambda side=side: self._started(side), f"the session has started at the {side}")
        (self.session,) = self._started("client")

    def _started(self, side: str) -> list[str]:
        return re.findall(r"SES-START \[(\w+)\]", self.site.log(side)[self.logged[side] :])

    def open(self) -> None:
        """Let both SSIDs pass."""
        codes = (PARTNER_CODE, OUR_CODE) if self.incoming else (OUR_CODE, PARTNER_CODE)
        calls, answers = (Profile(code, PASSWORD).offer() for code in codes)
        start(self.caller, self.called, calls, answers)
        self.identify()

    def other(self, end: ByHand) -> ByHand:
        return self.station if end is self.partner else self.partner

    def turn_to(self, end: ByHand) -> None:
        """Let an end be the Speaker."""
        if end is self.called:
            self.caller.send(c.ChangeDirection())
            self.called.receive()

    def send_file(self, end: ByHand, name: str = "OK", size: int = 500_000) -> None:
        """Let an end offer a file, the other take it, and a first buffer of data pass."""
        self.turn_to(end)
        end.send(offer(name, size, incoming=end is self.partner))
        self.other(end).receive()
        self.other(end).send(c.StartFileAccepted())
        end.receive()
        end.send(c_data(60))
        self.other(end).next_buffer()

    def drain(self) -> None:
        """Hear what comes until there is an ESID or the proxy has closed, and close, as stations do."""

        def until_end(end: ByHand) -> None:
            with contextlib.suppress(*BROKEN):
                while not end.next_buffer().startswith(b"F"):
                    pass
            with contextlib.suppress(*BROKEN):
                end.wire.end()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(until_end, (self.partner, self.station)))

    def in_log(self, side: str) -> tuple[str, str]:
        """Wait until a host has told the end of the session; return by whom and why."""
        pattern = rf"SES-END \[{self.session}\] {_TOLD}"
        found: list[re.Match[str]] = []

        def told() -> bool:
            found[:] = re.finditer(pattern, self.site.log(side))
            return bool(found)

        soon(told, f"the end of session {self.session} is told by the {side}")
        (match,) = found
        return match[1], match[2]

    def in_journal(self, side: str) -> tuple[str, str]:
        """The same of the journal."""
        query = "SELECT text FROM journal_entry WHERE code = 'SES-END' AND session = ? AND hop = ?"
        soon(lambda: self.site._rows(query, self.session, HOPS[side]), f"the {side}'s end is in the journal")
        ((text,),) = self.site._rows(query, self.session, HOPS[side])
        match = re.match(_TOLD, text)
        assert match, text
        return match[1], match[2]

    def check(self, by: str, reason: str, sides: tuple[str, ...] = SIDES) -> None:
        """See that both hosts and the journal say the same of the end, and this."""
        told = {(where, side): look(side) for where, look in (("log", self.in_log), ("journal", self.in_journal))
                for side in sides}  # fmt: skip
        assert len(set(told.values())) == 1, told
        said_by, why = next(iter(told.values()))
        assert re.fullmatch(by, said_by), told
        assert re.fullmatch(reason, why), told


_TOLD = r"Session with partner \S+ ended by ([a-z ]+): (.*?); [\d.]+ s"


class World:
    """A running site whose stations are the test's, with a network between the hosts that can be cut."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.link = Forwarder(site.ports.internal)
        self._ports = {True: site.ports.receive, False: site.ports.partner}
        self._listeners: dict[bool, socket.socket] = {}
        for incoming in self._ports:
            self.listen(incoming)

    def close(self) -> None:
        """Give all sockets up."""
        self.link.close()
        for listener in self._listeners.values():
            listener.close()

    def listen(self, incoming: bool) -> None:
        """Let the receive daemon, or the partner, be there."""
        self._listeners[incoming] = socket.create_server(("127.0.0.1", self._ports[incoming]))
        self._listeners[incoming].settimeout(WAIT_SECONDS)

    @contextmanager
    def away(self, incoming: bool) -> Iterator[None]:
        """Let it not be there for a while."""
        self._listeners[incoming].close()
        try:
            yield
        finally:
            self.listen(incoming)

    def accept(self, incoming: bool) -> socket.socket:
        """Return the next connection to the receive daemon, or to the partner."""
        listener = self._listeners[incoming]
        return next_call(listener) if incoming else listener.accept()[0]

    def send_daemon(self) -> socket.socket:
        """Return a connection of the send daemon to the client."""
        return socket.create_connection(("127.0.0.1", self.site.ports.outgoing), WAIT_SECONDS)

    def start(self) -> None:
        """Start what does not run of the two hosts, linked over the network here; wait until sessions may pass."""
        running = self.site.running
        if "server" not in running:
            self.site.start_server()
        if "client" not in running:
            self.site.launch_client("-S", f"127.0.0.1:{self.link.port}").wait_for("CLI-LINKED")
            self.site.wait_open()

    def ended(self, *sides: str) -> None:
        """Wait until these programs have ended, and all sessions with them."""
        for side in sides:
            process = self.site.running.pop(side)
            soon(lambda process=process: process.ended() is not None, f"the {side} has ended")
            process.gone()
        soon(lambda: not any(self.site.sessions(side) for side in SIDES), "all sessions have ended")

    def logged(self) -> dict[str, int]:
        """Return how much each host has logged."""
        return {side: len(self.site.log(side)) for side in SIDES}

    @contextmanager
    def scene(self, incoming: bool, certificate: str = "partner") -> Iterator[Scene]:
        """Yield a session of which nothing but its connections is there."""
        with contextlib.ExitStack() as stack:
            logged = self.logged()
            caller: Wire
            if incoming:
                caller = stack.enter_context(Partner(self.site, certificate=certificate)).tls
            else:
                caller = PlainWire(stack.enter_context(self.send_daemon()))
            sock = stack.enter_context(self.accept(incoming))
            called: Wire = PlainWire(sock) if incoming else _partner_tls(self.site).accept(sock)
            sock.settimeout(WAIT_SECONDS)
            made = Scene(self, incoming, caller, called)
            made.logged = logged
            yield made

    @contextmanager
    def opened(self, incoming: bool, certificate: str = "partner") -> Iterator[Scene]:
        """Yield a session behind both SSIDs."""
        with self.scene(incoming, certificate) as made:
            made.open()
            yield made


def socket_of(end: ByHand) -> socket.socket:
    """Return the connection of an end."""
    return end.wire.sock if isinstance(end.wire, BlockingTls) else end.wire._sock


def close_connection(end: ByHand) -> None:
    """End a connection in order, without ESID."""
    end.wire.end()


def drop_connection(end: ByHand) -> None:
    """End a connection without the end of TLS."""
    socket_of(end).shutdown(socket.SHUT_WR)


def reset_connection(end: ByHand) -> None:
    """Break a connection."""
    socket_of(end).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket_of(end).close()


def c_data(subrecords: int) -> bytes:
    """Return a stream buffer of data."""
    octets = b"D" + (b"\x3f" + b"x" * 63) * subrecords
    return (0x1000_0000 | len(octets) + 4).to_bytes(4, "big") + octets


Way = Callable[[Scene], None]
