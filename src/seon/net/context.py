"""TLS contexts: what is offered, what is demanded, and how a process gives up its keys.

Partners: TLS 1.2 or 1.3 with forward secrecy, client certificates demanded. Link: TLS 1.3 only, both sides under the
link CA. Nowhere session tickets, session cache or renegotiation: every connection is authenticated afresh.
Keys and certificates come from memory, never from files. What is offered stands in offer.py.

Inside a partner's handshake its own certificate is judged, before any signature of the peer's is computed, and nothing
else: what a stranger sends above it could be made costly (measured). The rest of the chain is for `sent_chain`.

On the link each side shows its CA's certificate too, and the dialling side says the CA's fingerprint in its first
message. Neither is believed. They only name the other CA where server and client are of two installations: the
dialling side then refuses first, and the other one never sees its certificate.
"""

import contextlib
import re
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL, crypto

from seon.net.channel import TlsError, reason_of
from seon.net.offer import new_context
from seon.pki import (
    Certificate,
    PeerCertificate,
    PkiError,
    as_shown,
    certificate_in_der,
    certificates_in_pem,
    fingerprint,
    stand_in_for,
)

Judge = Callable[[PeerCertificate], bool]
"""Says whether the peer's own certificate is acceptable: called inside the handshake, so that a refusal is an alert."""

CONTROL, SESSION = b"seon-control/1", b"seon-session/1"
"""ALPN names of the two kinds of link."""
_AUTHORITY = b"seon-ca/"
"""Begins an ALPN name that nobody selects: 64 hex digits follow, the SHA-256 of the caller's link CA."""
_AUTHORITY_SAID = re.compile(_AUTHORITY + rb"([0-9a-f]{64})")

MAX_RSA_BITS = 8_192
"""Of a peer's keys: OpenSSL would compute with twice as many, at eight times the cost."""
MAX_CHAIN = 10
"""Certificates that a peer may send beside its own."""
MAX_NAMES = 16_384
"""Octets of the anchors' names that are told to callers."""
_binding = Binding()
_lib, _ffi = _binding.lib, _binding.ffi


class KeyedContext:
    """A context with its key."""

    authority = ""
    """On the link: the SHA-256 of the CA that both sides must be under, 64 hex digits."""

    def __init__(self, context: SSL.Context, leaf: Certificate) -> None:
        """Raises TlsError for a type of key that could not be given up."""
        try:
            stand_in = stand_in_for(leaf)
        except PkiError as error:
            raise TlsError(str(error)) from error
        self.context = context
        _stand_ins[context] = crypto.X509.from_cryptography(stand_in)


_stand_ins: "weakref.WeakKeyDictionary[SSL.Context, crypto.X509]" = weakref.WeakKeyDictionary()
"""The certificate that takes the key's place when a process gives it up. By the context itself, which lives as long as
any connection made from it: a configuration that was replaced during a handshake leaves nothing else behind."""
_connections: "weakref.WeakSet[SSL.Connection]" = weakref.WeakSet()


def forget_all_keys() -> None:
    """Free every private key of every context and connection of this process: called in a session process.

    Established connections go on: TLS needs the key in the handshake only.
    """
    keyed = list(_stand_ins.items())  # first: the next step may let go of the last reference but OpenSSL's own
    for connection in list(_connections):
        connection.set_context(_keyless)
    for context, stand_in in keyed:
        _forget_key(context, stand_in)


def _forget_key(context: SSL.Context, stand_in: crypto.X509) -> None:
    # A certificate that does not match the key in its slot makes OpenSSL free that key. Below pyOpenSSL's method,
    # which refuses to change a context that was used.
    if _lib.SSL_CTX_use_certificate(context._context, stand_in._x509) != 1:
        raise TlsError("a private key could not be given up")


def partner_listener(
    chain: str, key: bytes | bytearray, judge: Judge, *, old_tls: bool = False, ca_names: Iterable[PeerCertificate] = ()
) -> KeyedContext:
    """Return the context of the external port. `chain` PEM, leaf first; `key` PEM (PKCS#8), the caller wipes it.

    `old_tls`: also for stations that need CBC in TLS 1.2. `ca_names`: the anchors whose names callers are told.
    Raises TlsError when certificate and key cannot be used, or the names are too long.
    """
    context = _partner_context(new_context(SSL.TLS_SERVER_METHOD, old_tls=old_tls), judge)
    _tell_names(context, ca_names)
    return _with_certificate(context, chain, key)


def partner_dialler(chain: str, key: bytes | bytearray, judge: Judge, *, old_tls: bool = False) -> KeyedContext:
    """Return the context for outgoing connections: ours is the client certificate. Raises TlsError.

    `old_tls`: for stations that need CBC; TLS 1.2 and no more is offered, since some of them end at a greater hello.
    """
    context = new_context(SSL.TLS_CLIENT_METHOD, old_tls=old_tls)
    if old_tls:
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
    return _with_certificate(_partner_context(context, judge), chain, key)


def link_listener(chain: str, key: bytes | bytearray, ca: str) -> KeyedContext:
    """Return the context of the internal port: TLS 1.3, a client certificate of the link CA demanded."""
    context = _link_context(SSL.TLS_SERVER_METHOD, ca)
    context.set_alpn_select_callback(_select_alpn)
    return _for_link(context, chain, key, ca)


def link_dialler(chain: str, key: bytes | bytearray, ca: str) -> KeyedContext:
    """Return the context with which the client dials the server; the protocol is set per connection (`connect`)."""
    return _for_link(_link_context(SSL.TLS_CLIENT_METHOD, ca), chain, key, ca)


def accepting(context: SSL.Context) -> SSL.Connection:
    """Return a connection over memory BIOs in the TLS server's role."""
    connection = SSL.Connection(context, None)
    _connections.add(connection)
    connection.set_accept_state()
    return connection


def connecting(context: SSL.Context, alpn: bytes = b"", server_name: str = "", authority: str = "") -> SSL.Connection:
    """Return a connection over memory BIOs in the TLS client's role.

    `authority`: the fingerprint of our link CA, to be said beside `alpn`. Whoever watches the network can read it.
    """
    connection = SSL.Connection(context, None)
    _connections.add(connection)
    if alpn:
        connection.set_alpn_protos([alpn, _AUTHORITY + authority.encode()] if authority else [alpn])
    if server_name:
        connection.set_tlsext_host_name(server_name.encode("idna"))
    connection.set_connect_state()
    return connection


def peer_certificate(connection: SSL.Connection) -> PeerCertificate | None:
    """Return the certificate that a partner has proved to hold the key of, or None. Raises TlsError."""
    shown = connection.get_peer_certificate()
    if shown is None:
        return None
    judged = connection.get_app_data()
    if isinstance(judged, _Judged):
        return judged.certificate if judged.passed else None
    return _as_shown(shown)


def refused_certificate(connection: SSL.Connection) -> PeerCertificate | None:
    """Return the certificate for which a partner's handshake was ended; nobody has proved to hold its key."""
    judged = connection.get_app_data()
    return judged.certificate if isinstance(judged, _Judged) and not judged.passed else None


def sent_chain(connection: SSL.Connection) -> tuple[PeerCertificate, ...]:
    """Return what a partner has sent beside its own certificate, in its order. It proves nothing.

    Raises TlsError for more than MAX_CHAIN, and for a key that is too costly to compute with.
    """
    own, sent = connection.get_peer_certificate(), connection.get_peer_cert_chain() or ()
    leaf = own and _der(own)
    above = [shown for shown in sent if _der(shown) != leaf]  # OpenSSL's list begins with it at the dialling side only
    if len(above) > MAX_CHAIN:
        raise TlsError(f"the peer sent {len(above)} certificates beside its own (at most {MAX_CHAIN})")
    chain = tuple(map(_as_shown, above))
    for certificate in chain:
        if _is_too_large(certificate):
            bits = f"RSA {certificate.key.bits} (at most {MAX_RSA_BITS})"
            raise TlsError(f"the peer sent a certificate with a key of {bits}: {certificate.subject}")
    return chain


def link_certificate(connection: SSL.Connection) -> Certificate | None:
    """Return the certificate that the other side of a link has proved to hold the key of, or None. Raises TlsError."""
    shown = connection.get_peer_certificate()
    try:
        return None if shown is None else _read(shown)
    except PkiError as error:
        raise TlsError("the peer's certificate cannot be read") from error


def refused_authority(connection: SSL.Connection) -> Certificate | str | None:
    """Return the CA that a peer on the link named: the certificate it showed, or else the fingerprint it said.

    It proves nothing, and is for the words of a refusal only. A certificate was shown by whoever was refused for it;
    its name and key are not checked. A fingerprint is 64 hex digits, whatever the peer sent.
    """
    named: Certificate | str | None = connection.get_app_data()
    return named


def _der(shown: crypto.X509) -> bytes:
    return crypto.dump_certificate(crypto.FILETYPE_ASN1, shown)


def _read(shown: crypto.X509) -> Certificate:
    return certificate_in_der(_der(shown))


def _as_shown(shown: crypto.X509) -> PeerCertificate:
    try:
        return as_shown(shown)
    except PkiError as error:
        raise TlsError(f"the peer's certificate: {error}") from error


_keyless = new_context(SSL.TLS_METHOD)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What became of a partner's own certificate inside the handshake. It stays with the connection."""

    certificate: PeerCertificate | None
    """None: it is too large, or cannot be read at all."""
    passed: bool


def _judged(shown: crypto.X509, judge: Judge) -> _Judged:
    try:
        certificate = as_shown(shown)
    except PkiError:
        return _Judged(None, passed=False)
    return _Judged(certificate, passed=not _is_too_large(certificate) and judge(certificate))


def _is_too_large(certificate: PeerCertificate) -> bool:
    return certificate.key.kind == "RSA" and certificate.key.bits > MAX_RSA_BITS


def _partner_context(context: SSL.Context, judge: Judge) -> SSL.Context:
    def verify(connection: SSL.Connection, shown: crypto.X509, _error: int, depth: int, _ok: int) -> bool:
        if depth > 0:  # who may enter is decided by the peer's own certificate; what lies above it proves nothing
            return True
        judged = connection.get_app_data()
        if not isinstance(judged, _Judged):  # OpenSSL asks again for everything that it finds wrong
            judged = _judged(shown, judge)
            connection.set_app_data(judged)  # so that a refusal can name it
        return judged.passed

    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
    # No signature above the peer's own certificate is computed: a stranger could make them costly (measured).
    context.set_verify_depth(0)
    return context


def _tell_names(context: SSL.Context, anchors: Iterable[PeerCertificate]) -> None:
    """Name the anchors in CertificateRequest (RFC 8446 section 4.2.4). Raises TlsError."""
    names = {anchor.subject_der: anchor for anchor in anchors}
    if (octets := sum(map(len, names))) > MAX_NAMES:
        raise TlsError(
            f"the names of {len(names)} anchors have {octets} octets: at most {MAX_NAMES} can be told to callers"
        )
    for anchor in names.values():
        _lib.SSL_CTX_add_client_CA(context._context, anchor.openssl._x509)  # pyOpenSSL takes what cryptography reads


def _link_context(method: int, ca: str) -> SSL.Context:
    context = new_context(method)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    store = context.get_cert_store()
    assert store is not None
    for certificate in _certificates(ca):
        store.add_cert(crypto.X509.from_cryptography(certificate))

    def verify(connection: SSL.Connection, shown: crypto.X509, _error: int, depth: int, ok: int) -> bool:
        if not ok and depth > 0:
            with contextlib.suppress(PkiError):
                connection.set_app_data(_read(shown))
        return bool(ok)  # OpenSSL's word, always: this only watches

    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
    return context


def _for_link(context: SSL.Context, chain: str, key: bytes | bytearray, ca: str) -> KeyedContext:
    keyed = _with_certificate(context, f"{chain}\n{ca}", key)
    keyed.authority = fingerprint(_certificates(ca)[0])
    return keyed


def _select_alpn(connection: SSL.Connection, offered: list[bytes]) -> Any:
    said = next(filter(None, map(_AUTHORITY_SAID.fullmatch, offered)), None)
    if said:
        connection.set_app_data(said[1].decode())
    chosen = [name for name in offered if name in (CONTROL, SESSION)]
    return chosen[0] if len(chosen) == 1 else SSL.NO_OVERLAPPING_PROTOCOLS


def _with_certificate(context: SSL.Context, chain: str, key: bytes | bytearray) -> KeyedContext:
    certificates = _certificates(chain)
    try:
        context.use_certificate(certificates[0])
        for above in certificates[1:]:
            context.add_extra_chain_cert(above)
        _use_key(context, key)
        context.check_privatekey()
    except SSL.Error as error:
        raise TlsError(f"certificate and key cannot be used: {reason_of(error)}") from error
    return KeyedContext(context, certificates[0])


def _certificates(chain: str) -> list[Certificate]:
    try:
        return certificates_in_pem(chain)
    except PkiError as error:
        raise TlsError("the certificate chain cannot be read") from error


def _use_key(context: SSL.Context, key: bytes | bytearray) -> None:
    """Load a PEM key with no Python object that would hold a copy: only the context refers to it afterwards."""
    source = _ffi.from_buffer("char[]", key)
    bio = _lib.BIO_new_mem_buf(source, len(key))
    loaded = _lib.PEM_read_bio_PrivateKey(bio, _ffi.NULL, _ffi.NULL, _ffi.NULL)
    _lib.BIO_free(bio)
    if loaded == _ffi.NULL:
        _drain_errors()
        raise TlsError("the private key cannot be read")
    used = _lib.SSL_CTX_use_PrivateKey(context._context, loaded)  # see the docstring
    _lib.EVP_PKEY_free(loaded)
    if used != 1:
        _drain_errors()
        raise TlsError("the private key does not belong to the certificate")


def _drain_errors() -> None:
    while _lib.ERR_get_error() != 0:
        pass
