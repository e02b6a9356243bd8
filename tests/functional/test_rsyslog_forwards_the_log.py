"""rsyslog's own program reads the log with our settings and forwards it in RFC 5424 form, over TCP and over TLS."""

import json
import os
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from certificates import Made, make
from functional.processes import eventually
from needed import need_debian
from seon import ecs
from seon.events import CATALOGUE, describe
from seon.events_page import TIME, example, example_document
from seon.process.events import EventMaker

ROOT = Path(__file__).parents[2] / "packaging" / "rsyslog"
PACKAGES = ("rsyslog", "rsyslog-openssl", "libestr0", "libfastjson4")
NAME = "logs.example"
STAMP = example_document(CATALOGUE["SRV-START"])["@timestamp"]
HEADER = re.compile(r"<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) - (.*)", re.DOTALL)
"""RFC 5424, section 6: priority and version, time, host, program, process id, message id, no structured data, text."""


OURS, OTHER = make("Example CA", ca=True), make("Other CA", ca=True)


def certificate(ca: Made, name: str) -> Made:
    return make(name, issuer=ca, extensions=[(x509.SubjectAlternativeName([x509.DNSName(name)]), False)])


class Receiver:
    """A log server on loopback. Its port is taken at once, and it answers from `open` on."""

    def __init__(self, stack: ExitStack, files: tuple[Path, Path] | None) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if files else None
        if self._tls and files:
            self._tls.load_cert_chain(*files)
        self._listener = stack.enter_context(socket.socket())
        self._listener.bind(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.calls = 0
        self.messages: list[str] = []
        self._ended = threading.Event()
        stack.callback(self._ended.set)

    def open(self) -> "Receiver":
        self._listener.listen()
        self._listener.settimeout(0.2)
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def _serve(self) -> None:
        while not self._ended.is_set():
            with suppress(OSError):
                sock, _ = self._listener.accept()
                self.calls += 1
                with sock, self._tls.wrap_socket(sock, server_side=True) if self._tls else sock as wire:
                    self._hear(wire)

    def _hear(self, sock: socket.socket) -> None:
        sock.settimeout(0.2)
        heard = b""
        while not self._ended.is_set():
            with suppress(TimeoutError):
                if not (octets := sock.recv(65_536)):
                    return
                heard += octets
            while (counted := re.match(rb"(\d+) ", heard)) and len(heard) >= counted.end() + int(counted[1]):
                end = counted.end() + int(counted[1])
                self.messages.append(heard[counted.end() : end].decode())
                heard = heard[end:]


class Forwarding:
    """rsyslogd with our settings, on a log of the test's."""

    def __init__(self, stack: ExitStack, home: Path, way: str, port: int, ca: Path) -> None:
        for name in ("log", "work"):
            (home / name).mkdir()
        settings = _with((ROOT / "seon-smartproxy.conf").read_text(), {
            "/opt/seon/proxy/": f"{home}/log/", "/etc/rsyslog.d/seon-forward.inc": f"{home}/forward.inc",
        })  # fmt: skip
        changes = {f'target="{NAME}"': 'target="127.0.0.1"', 'Interval="5"': 'Interval="1"'}
        changes |= {'"601"': f'"{port}"'} if way == "tcp" else {
            '"6514"': f'"{port}"', "/etc/rsyslog.d/seon-receiver-ca.pem": str(ca)
        }  # fmt: skip
        (home / "forward.inc").write_text(_with((ROOT / f"forward-{way}.conf").read_text(), changes))
        (home / "rsyslog.conf").write_text(f'global(workDirectory="{home}/work")\n{settings}')
        self.log = home / "log" / "seon_proxyserver.2026-11-26.log"
        unpacked = need_debian(*PACKAGES)
        (libraries,) = (unpacked / "usr/lib").glob("*-linux-gnu*")
        command = [str(unpacked / "usr/sbin/rsyslogd"), "-n", "-i", "NONE", "-f", str(home / "rsyslog.conf")]
        self._process = subprocess.Popen(
            [*command, "-M", str(libraries / "rsyslog")],
            env={**os.environ, "LD_LIBRARY_PATH": str(libraries)},
            stdout=stack.enter_context((home / "said.txt").open("w")),
            stderr=subprocess.STDOUT,
        )
        stack.callback(self._end)

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:  # it still tries to be rid of its lines
            self._process.kill()
            self._process.wait(5)

    def write(self, *lines: str) -> None:
        with self.log.open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))


def _with(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


Start = Callable[..., tuple[Forwarding, Receiver]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def make_both(way: str, *, shown: Made | None = None) -> tuple[Forwarding, Receiver]:
            files = tmp_path / "shown.pem", tmp_path / "shown.key"
            (tmp_path / "ca.pem").write_text(OURS.pem)
            (shown or certificate(OURS, NAME)).write(*files)
            receiver = Receiver(stack, files if way == "tls" else None)
            return Forwarding(stack, tmp_path, way, receiver.port, tmp_path / "ca.pem"), receiver

        yield make_both


def parsed(message: str) -> tuple[int, str, str, str, str, dict[str, Any]]:
    """Return priority, time, program, process id, code and document of a message."""
    found = HEADER.fullmatch(message)
    assert found, message
    priority, time, _, program, pid, code, text = found.groups()
    return int(priority), time, program, pid, code, json.loads(text)


LOCAL0 = 16 * 8
SEVERITY = {"fatal": 2, "error": 3, "warning": 4, "info": 6, "debug": 7, "trace": 7}
"""Of RFC 5424, by our levels."""


@pytest.mark.parametrize("way", ["tcp", "tls"])
def test_each_line_arrives_in_the_form_of_rfc_5424_with_its_document_whole(start, way) -> None:
    forwarding, receiver = start(way)
    receiver.open()
    documents = [example_document(kind) for kind in CATALOGUE.values()]
    forwarding.write(*map(ecs.line, documents))
    eventually(lambda: len(receiver.messages) == len(documents), why="all have arrived")
    for message, document in zip(receiver.messages, documents, strict=True):
        level, process = document["log"]["level"], document["process"]
        about = (LOCAL0 + SEVERITY[level], document["@timestamp"], process["name"], str(process["pid"]))
        assert parsed(message) == (*about, document["event"]["code"], document)


def test_a_line_that_is_no_event_has_no_code_and_one_of_another_layout_goes_as_it_is(start) -> None:
    forwarding, receiver = start("tcp")
    receiver.open()
    given = {"time": TIME, "level": "DEBUG", "category": "log", "pid": 7, "program": "seon_proxyserver2"}
    plain = "2026-11-26 22:03:00.123 WARNING 1234 ADM-TLS TLS handshake"
    forwarding.write(ecs.line(ecs.document(None, text="Log level set to DEBUG", **given)), plain)
    eventually(lambda: len(receiver.messages) == 2, why="both have arrived")
    assert parsed(receiver.messages[0])[:5] == (
        LOCAL0 + 7, STAMP, "seon_proxyserver2", "7", "-",
    )  # fmt: skip
    assert re.fullmatch(rf"<134>1 \S+ \S+ seon-smartproxy - - - {re.escape(plain)}", receiver.messages[1])


def longest() -> str:
    """Return the line of an event with the longest values that a stranger can bring about."""
    kind = CATALOGUE["ADM-REFUSED"]
    fields = {name: value if name in ("source", "target") else "\U0001f600" * 560
              for name, value in example(kind).fields.items()}  # fmt: skip
    event = EventMaker("dmz").make(kind.code, **fields)
    about = {"time": TIME, "level": "WARNING", "category": "gate", "pid": 1, "program": "seon_proxyserver2"}
    return ecs.line(ecs.document(event, text=describe(event), **about))


def test_what_a_stranger_writes_makes_neither_a_header_nor_a_second_message(start) -> None:
    forwarding, receiver = start("tcp")
    receiver.open()
    forged = '\n<34>1 2026-11-26T22:03:00Z evil sshd 1 - - x", "process": {"pid": 9, "name": "sshd"}}'
    fields = {name: value if name in ("source", "target") else forged
              for name, value in example(CATALOGUE["ADM-REFUSED"]).fields.items()}  # fmt: skip
    event = EventMaker("dmz").make("ADM-REFUSED", **fields)
    about = {"time": TIME, "level": "WARNING", "category": "gate", "pid": 1, "program": "seon_proxyserver2"}
    document = ecs.document(event, text=describe(event), **about)
    long = longest()
    assert len(long) > 8_192, "longer than rsyslog takes by default"
    forwarding.write(ecs.line(document), long)
    eventually(lambda: len(receiver.messages) == 2, why="both have arrived")
    assert parsed(receiver.messages[0])[1:] == (
        STAMP, "seon_proxyserver2", "1", "ADM-REFUSED", document,
    )  # fmt: skip
    assert parsed(receiver.messages[1])[5] == json.loads(long)


@pytest.mark.parametrize("way", ["tcp", "tls"])
def test_lines_that_were_written_while_the_receiver_was_away_arrive_in_order(start, way) -> None:
    forwarding, receiver = start(way)
    about = {"time": TIME, "level": "INFO", "category": "log", "pid": 1, "program": "seon_proxyserver2"}
    forwarding.write(*(ecs.line(ecs.document(None, text=f"line {number}", **about)) for number in range(500)))
    eventually(lambda: list((forwarding.log.parents[1] / "work").iterdir()), why="rsyslog has read the file")
    assert not receiver.messages
    receiver.open()
    wanted = [f"line {number}" for number in range(500)]
    eventually(lambda: len(set(receiver.messages)) >= 500, 40, why="all have arrived")
    arrived = [parsed(message)[5]["message"] for message in receiver.messages]
    assert list(dict.fromkeys(arrived)) == wanted, "none is missing; one may come twice, where it was tried again"


@pytest.mark.parametrize(("ca", "name"), [(OTHER, NAME), (OURS, "other.example")], ids=["another CA", "another name"])
def test_a_receiver_that_cannot_prove_who_it_is_gets_nothing(start, ca, name) -> None:
    forwarding, receiver = start("tls", shown=certificate(ca, name))
    receiver.open()
    forwarding.write(ecs.line(example_document(CATALOGUE["ADM-REFUSED"])))
    eventually(lambda: receiver.calls >= 2, 40, why="it was tried, and tried again")
    assert receiver.messages == []
