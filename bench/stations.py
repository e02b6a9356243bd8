"""The two stations of the benchmark, as cheap as they can be: they know all octets beforehand and look at few.

`python bench/stations.py receive ...` takes plain TCP sessions until it is ended; `... send ...` makes one session over
TLS. The sender says `measure` and waits for a line before the transfer and again after it, so that who started it can
look at the processes between while the session stands.
"""

import argparse
import json
import socket
import ssl
import sys
import time

from session import Script, Shape, Turn, script

BLOCK = 4 * 1024 * 1024
"""Octets given to one `sendall` at the least, where the session has so many."""
READ_SIZE = 1024 * 1024
HEARD = 256
"""Octets up to which a message is compared; longer ones are only counted."""


def main() -> None:
    """Play one of the two parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("send", "receive"))
    parser.add_argument("port", type=int)
    for name in ("--sender", "--receiver"):
        parser.add_argument(name, required=True, help="Identification code (SSIDCODE).")
    for name in ("--octets", "--buffer", "--credit"):
        parser.add_argument(name, type=int, required=True)
    for name in ("--cert", "--key", "--ca"):
        parser.add_argument(name, help="PEM file, for the sender.")
    a = parser.parse_args()
    session = script(Shape(a.sender, a.receiver, a.octets, a.buffer, a.credit))
    if a.part == "send":
        send(session, a.port, _tls(a.cert, a.key, a.ca))
    else:
        receive(session, a.port)


def send(session: Script, port: int, context: ssl.SSLContext) -> None:
    """Make one session and print what it took as JSON."""
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as sock:
        plain_cipher, version, _ = sock.cipher() or ("", "", 0)
        play(session.opening, sock, sender=True)
        _wait_for_measurement()
        began = time.perf_counter()
        play(session.transfer, sock, sender=True)
        seconds = time.perf_counter() - began
        _wait_for_measurement()
        play(session.closing, sock, sender=True)
    print(json.dumps({"seconds": seconds, "wire_octets": session.wire_octets, "tls": f"{version} {plain_cipher}"}))


def receive(session: Script, port: int) -> None:
    """Take sessions, one after the other, for ever. Who connects without a word (to see the port) is let go."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        print("ready", flush=True)
        while True:
            sock, _ = listener.accept()
            with sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    play(session.opening + session.transfer + session.closing, sock, sender=False)
                    sock.recv(1)  # the other end closes first
                except (OSError, WrongOctetsError) as error:
                    print(f"session ended early: {error}", flush=True)


class WrongOctetsError(Exception):
    """The other station did not send what the script says."""


def play(turns: tuple[Turn, ...], sock: socket.socket, *, sender: bool) -> None:
    """Send what is ours, take what is theirs. Raises WrongOctetsError, OSError."""
    for turn in turns:
        if turn.by_sender is sender:
            _send(sock, turn)
        elif turn.times == 1 and len(turn.octets) <= HEARD:
            _hear(sock, turn.octets)
        else:
            _discard(sock, len(turn.octets) * turn.times)


def _send(sock: socket.socket, turn: Turn) -> None:
    at_once = max(1, min(turn.times, BLOCK // len(turn.octets)))
    block = turn.octets * at_once
    blocks, rest = divmod(turn.times, at_once)
    for _ in range(blocks):
        sock.sendall(block)
    if rest:
        sock.sendall(memoryview(block)[: rest * len(turn.octets)])


def _hear(sock: socket.socket, expected: bytes) -> None:
    got = b""
    while len(got) < len(expected):
        part = sock.recv(len(expected) - len(got))
        if not part:
            raise WrongOctetsError(f"the connection ended where {expected[4:5]!r} was due")
        got += part
    if got != expected:
        raise WrongOctetsError(f"{expected[4:5]!r} was due, came {got[4:5]!r}")


def _discard(sock: socket.socket, count: int) -> None:
    """Take octets without even copying them out of the kernel (Linux: MSG_TRUNC on TCP)."""
    scratch = bytearray(READ_SIZE)
    while count:
        got = sock.recv_into(scratch, min(count, READ_SIZE), socket.MSG_TRUNC)
        if not got:
            raise WrongOctetsError(f"the connection ended {count} octets early")
        count -= got


def _wait_for_measurement() -> None:
    print("measure", flush=True)
    sys.stdin.readline()


def _tls(cert: str, key: str, ca: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(cert, key)
    return context


if __name__ == "__main__":
    main()
