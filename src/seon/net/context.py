"""TLS contexts: what is offered, what is demanded, and how a process gives up its keys.

Partners: TLS 1.2 or 1.3 with forward secrecy, client certificates demanded. Link: TLS 1.3 only, both sides under the
link CA. Nowhere session tickets, session cache or renegotiation: every connection is authenticated afresh.
Keys and certificates come from memory, never from files.

On the link each side shows its CA's certificate too, and the dialling side says the CA's fingerprint in its first
message. Neither is believed. They only name the other CA where server and client are of two installations: the
dialling side then refuses first, and the other one never sees its certificate.
"""

import contextlib
import re
import weakref
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL, crypto

from seon.net.channel import TlsError, reason_of
from seon.pki import Certificate, PkiError, certificate_in_der, certificates_in_pem, fingerprint, stand_in_for

Judge = Callable[[Certificate], bool]
"""Says whether the peer's own certificate is acceptable: called inside the handshake, so that a refusal is an alert."""

CONTROL, SESSION = b"seon-control/1", b"seon-session/1"
"""ALPN names of the two kinds of link."""
_AUTHORITY = b"seon-ca/"
"""Begins an ALPN name that nobody selects: 64 hex digits follow, the SHA-256 of the caller's link CA."""
_AUTHORITY_SAID = re.compile(_AUTHORITY + rb"([0-9a-f]{64})")

_TLS12_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"
_OPTIONS = (
    SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE
)  # fmt: skip
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


def partner_listener(chain: str, key: bytes | bytearray, judge: Judge) -> KeyedContext:
    """Return the context of the external port. `chain` PEM, leaf first; `key` PEM (PKCS#8), the caller wipes it.

    Raises TlsError when certificate and key cannot be used.
    """
    context = _partner_context(SSL.TLS_SERVER_METHOD, judge)
    return _with_certificate(context, chain, key)


def partner_dialler(chain: str, key: bytes | bytearray, judge: Judge) -> KeyedContext:
    """Return the context for outgoing connections: ours is the client certificate. Raises TlsError."""
    return _with_certificate(_partner_context(SSL.TLS_CLIENT_METHOD, judge), chain, key)


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


def peer_certificate(connection: SSL.Connection) -> Certificate | None:
    """Return the certificate the peer has proved to hold the key of, or None.

    Raises TlsError for one that OpenSSL can read and we cannot.
    """
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


def _read(shown: crypto.X509) -> Certificate:
    return certificate_in_der(crypto.dump_certificate(crypto.FILETYPE_ASN1, shown))


def _base(method: int) -> SSL.Context:
    context = SSL.Context(method)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(_TLS12_CIPHERS)
    context.set_options(_OPTIONS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_mode(_lib.SSL_MODE_ENABLE_PARTIAL_WRITE | _lib.SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
    return context


_keyless = _base(SSL.TLS_METHOD)


def _partner_context(method: int, judge: Judge) -> SSL.Context:
    context = _base(method)

    def verify(connection: SSL.Connection, shown: crypto.X509, _error: int, depth: int, _ok: int) -> bool:
        if depth > 0:  # who may enter is decided by the peer's own certificate; what lies above it proves nothing
            return True
        try:
            certificate = _read(shown)
        except PkiError:  # OpenSSL reads more than we do: nobody we know has that
            return False
        if judge(certificate):
            return True
        connection.set_app_data(certificate)  # so that the refusal can name it
        return False

    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
    # No signature above the peer's own certificate is computed: a stranger could make them costly (measured).
    context.set_verify_depth(0)
    return context


def _link_context(method: int, ca: str) -> SSL.Context:
    context = _base(method)
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
