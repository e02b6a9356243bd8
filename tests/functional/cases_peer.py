"""A peer at the external port: it shows a certificate over real TLS, or does something else than it should."""

import contextlib
import itertools
import socket
import struct
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from OpenSSL import SSL, crypto

from functional.cases_world import Shown

WAIT_SECONDS = 10
_addresses = itertools.count(1)


def new_address() -> str:
    """Return a loopback address that no other case comes from: refusals of one address would be told as one."""
    number = next(_addresses)
    return f"127.44.{number // 250}.{number % 250 + 1}"


@dataclass(frozen=True)
class Heard:
    """What came of a connection."""

    source: str
    """Address and port that it came from."""
    octets: bytes
    """Of OFTP2."""
    end: str
    """`open`, `closed`, or what the alert says."""
    tls: str = ""
    """The version of TLS; empty where no handshake was done."""
    resumed: bool = False

    @property
    def admitted(self) -> bool:
        """Whether the receive daemon has answered."""
        return self.end == "open" and self.octets.startswith(b"\x10\0\0\x17I")


@contextlib.contextmanager
def dial(port: int, address: str = "") -> Iterator[socket.socket]:
    """Connect to the external port from an address of its own."""
    with socket.socket() as sock:
        sock.bind((address or new_address(), 0))
        sock.settimeout(WAIT_SECONDS)
        sock.connect(("127.0.0.1", port))
        yield sock


def context_of(shown: Shown | None, *, least: int = SSL.TLS1_2_VERSION, most: int = SSL.TLS1_3_VERSION) -> SSL.Context:
    """Return the context of a peer that takes whatever there is, as long as the version fits."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(least)
    context.set_max_proto_version(most)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    with warnings.catch_warnings():  # cryptography's own certificates, which are wanted instead, cannot be so odd
        warnings.simplefilter("ignore", DeprecationWarning)
        if shown:
            context.use_certificate(crypto.load_certificate(crypto.FILETYPE_ASN1, shown.leaf.der))
            context.use_privatekey(crypto.load_privatekey(crypto.FILETYPE_ASN1, shown.leaf.key_der))
        for der in shown.sends if shown else ():
            context.add_extra_chain_cert(crypto.load_certificate(crypto.FILETYPE_ASN1, der))
    return context


def show(port: int, context: SSL.Context, address: str = "") -> Heard:
    """Come in with what a context shows, wait for what comes first, and go."""
    with dial(port, address) as sock:
        return talk(sock, connecting(context))


def connecting(context: SSL.Context) -> SSL.Connection:
    """Return a connection whose octets go through our hands."""
    tls = SSL.Connection(context, None)
    tls.set_connect_state()
    return tls


def talk(sock: socket.socket, tls: SSL.Connection) -> Heard:
    """Do the handshake, and wait for what comes first: OFTP2, an alert or the end."""
    source = "{}:{}".format(*sock.getsockname())
    done, octets = False, b""
    try:
        while not octets:
            try:
                if not done:
                    tls.do_handshake()
                    done = True
                octets = tls.recv(65_536)
            except SSL.WantReadError:
                _exchange(sock, tls)
        end = "open"
    except SSL.ZeroReturnError:
        end = "closed"
    except SSL.Error as error:
        end = " ".join(part for one in error.args[0] for part in one[2:]) if error.args and error.args[0] else "closed"
    except (EOFError, ConnectionError):
        end = "closed"
    return Heard(source, octets, end, tls.get_protocol_version_name() if done else "")


def _exchange(sock: socket.socket, tls: SSL.Connection) -> None:
    """Send what TLS has to send, and give it what has come. Raises EOFError at the end."""
    with contextlib.suppress(SSL.WantReadError):
        while octets := tls.bio_read(65_536):
            sock.sendall(octets)
    octets = sock.recv(65_536)
    if not octets:
        raise EOFError
    tls.bio_write(octets)


def say(port: int, octets: bytes, *, address: str = "") -> Heard:
    """Send octets, and listen to the end."""
    with dial(port, address) as sock:
        source = "{}:{}".format(*sock.getsockname())
        sock.sendall(octets)
        began, heard = time.monotonic(), b""
        with contextlib.suppress(ConnectionError):
            while octets := sock.recv(65_536):
                heard += octets
        return Heard(source, heard, f"closed after {time.monotonic() - began:.1f} s")


# --- a certificate that no library sends ------------------------------------------------------------------------------

HANDSHAKE, ALERT = 22, 21
CLIENT_HELLO, CERTIFICATE, SERVER_HELLO_DONE = 1, 11, 14
_EXTENSIONS: Mapping[int, str] = {
    10: "0006001d00170018",  # groups: X25519, P-256, P-384
    11: "0100",  # uncompressed points
    13: "000e0403050306030804080504010501",  # signature algorithms
    23: "",  # extended master secret
    0xFF01: "00",  # secure renegotiation
}


def client_hello() -> bytes:
    """Return a ClientHello of TLS 1.2 (RFC 5246 7.4.1.2): there a certificate crosses in the clear, whatever it is."""
    suites = bytes.fromhex("c02bc02fc02cc030cca9cca8")
    extensions = b"".join(
        struct.pack(">HH", number, len(value) // 2) + bytes.fromhex(value) for number, value in _EXTENSIONS.items()
    )
    body = b"\x03\x03" + bytes(32) + b"\0" + struct.pack(">H", len(suites)) + suites + b"\1\0"
    return _handshake(CLIENT_HELLO, body + struct.pack(">H", len(extensions)) + extensions)


def _handshake(kind: int, body: bytes) -> bytes:
    message = bytes((kind,)) + len(body).to_bytes(3, "big") + body
    return bytes((HANDSHAKE, 3, 3)) + struct.pack(">H", len(message)) + message


def show_octets(port: int, der: bytes) -> Heard:
    """Show octets as the certificate; there is no key for them, and none is needed."""
    with dial(port) as sock:
        source = "{}:{}".format(*sock.getsockname())
        sock.sendall(client_hello())
        heard = b""
        while bytes((SERVER_HELLO_DONE, 0, 0, 0)) not in heard:
            octets = sock.recv(65_536)
            assert octets, heard
            heard += octets
        listed = len(der).to_bytes(3, "big") + der
        sock.sendall(_handshake(CERTIFICATE, len(listed).to_bytes(3, "big") + listed))
        answer = b""
        with contextlib.suppress(ConnectionError):
            while octets := sock.recv(65_536):
                answer += octets
    return Heard(source, b"", f"alert {answer[6]}" if answer[:1] == bytes((ALERT,)) else "closed", "TLSv1.2")
