"""TLS of a station: its own certificate and key, and whom it talks to (mutual, TLS 1.2 or 1.3)."""

import socket
import time
from dataclasses import dataclass
from pathlib import Path

from seon import addresses
from seon.addresses import shown
from seon.net.context import KeyedContext, accepting, connecting, partner_dialler, partner_listener
from seon.net.dial import secure
from seon.net.stream import BlockingTls
from seon.pki import Certificate, PeerCertificate, PkiError, certificates_in_pem, fingerprint, is_ca, is_issued_by
from seon.station.wire import TlsWire

HANDSHAKE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files. `peers`: certificates of peers themselves, or of CAs that issued theirs directly."""

    chain: Path
    """Own certificate, leaf first."""
    key: Path
    peers: Path


class StationTls:
    """Makes wires with TLS. Raises OSError or ValueError for files that cannot be read, TlsError for unfit ones."""

    def __init__(self, files: TlsFiles, *, listening: bool) -> None:
        self._trusted = certificates_in_pem(files.peers.read_bytes())
        make = partner_listener if listening else partner_dialler
        self._keyed: KeyedContext = make(files.chain.read_text("ascii"), files.key.read_bytes(), self._knows)

    def accept(self, sock: socket.socket) -> TlsWire:
        """Return the wire of a caller, whose certificate is known. Raises one of wire.BROKEN."""
        tls = BlockingTls(sock, accepting(self._keyed.context))
        tls.handshake(time.monotonic() + HANDSHAKE_SECONDS)
        return TlsWire(tls)

    def connect(self, sock: socket.socket, host: str, port: int) -> TlsWire:
        """Return the wire to `host`, whose certificate is known. Raises DialError."""
        connection = connecting(self._keyed.context, server_name=_server_name(host))
        deadline = time.monotonic() + HANDSHAKE_SECONDS
        return TlsWire(secure(sock, connection, shown(host, port), deadline=deadline))

    def _knows(self, leaf: PeerCertificate) -> bool:
        if not leaf.not_before <= time.time() <= leaf.not_after:
            return False
        readable = leaf.x509
        return any(
            fingerprint(trusted) == leaf.fingerprint or (readable is not None and _issued(trusted, readable))
            for trusted in self._trusted
        )


def _server_name(host: str) -> str:
    """Return what to ask for by SNI: a literal address is no name (RFC 6066 section 3)."""
    return host if addresses.literal(host) is None else ""


def _issued(issuer: Certificate, leaf: Certificate) -> bool:
    """Whether `issuer` is a CA and signed `leaf`: a pinned certificate of a peer admits nothing but itself."""
    try:
        # A self-signed certificate is a peer's own or a root; only the root has issued others, and is no peer.
        return is_ca(issuer) and is_issued_by(leaf, issuer)
    except PkiError:
        return False
