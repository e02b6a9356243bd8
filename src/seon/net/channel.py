"""TLS over memory BIOs: octets from the socket go in, octets for the socket come out, no I/O here.

The data path calls the OpenSSL binding below pyOpenSSL with buffers that were made once: pyOpenSSL's own `recv` and
`bio_read` allocate for each call, which costs a third of the throughput (docs/benchmarks.md). Everything that touches
the binding stands in this file; it is proved at import, and where it does not hold the public methods take its place.
"""

from collections.abc import Iterator

from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL

from seon.net.buffers import Buffer, ffi

_lib = Binding().lib


class TlsError(Exception):
    """TLS failed; the text says how, in OpenSSL's words."""


class EndOfStream(Exception):  # noqa: N818  # not an error: an end
    """The peer ended its direction. `clean` is False where the TLS close_notify was missing."""

    def __init__(self, *, clean: bool) -> None:
        super().__init__("end of stream" if clean else "end of stream without close_notify")
        self.clean = clean


class Channel:
    """One TLS connection. `feed` what came from the socket, `take` what must go to it."""

    __slots__ = ("_from", "_into", "_ssl", "after", "connection")

    def __init__(self, connection: SSL.Connection) -> None:
        self.connection = connection
        self.after: TlsError | EndOfStream | None = None
        """What came right behind the octets read last, and the next read raises: no more octets will announce it."""
        self._ssl = connection._ssl  # see the head of this file
        # pyOpenSSL's default makes SSL_write return after each record: one call from Python for every 16 KiB.
        _lib.SSL_clear_mode(self._ssl, _lib.SSL_MODE_ENABLE_PARTIAL_WRITE)
        self._into = connection._into_ssl
        self._from = connection._from_ssl

    def feed(self, buffer: Buffer, length: int) -> None:
        """Hand over the first `length` octets of a buffer as they came from the socket."""
        done = 0
        while done < length:
            written = _lib.BIO_write(self._into, buffer.pointer + done, length - done)
            if written <= 0:
                raise TlsError("no memory for TLS octets")
            done += written

    def take(self, buffer: Buffer) -> int:
        """Move octets for the socket into a buffer; return how many (0 = none)."""
        taken: int = _lib.BIO_read(self._from, buffer.pointer, buffer.size)
        return max(0, taken)

    def read(self, buffer: Buffer, start: int, end: int) -> int:
        """Decrypt into `buffer[start:end]` until it is full or nothing is left; return the number of octets.

        Raises EndOfStream after close_notify once all octets before it were read, TlsError for everything else.
        """
        if self.after:
            raise self.after
        at, ssl, pointer, read_record = start, self._ssl, buffer.pointer, _lib.SSL_read
        while at < end:
            got = read_record(ssl, pointer + at, end - at)
            if got <= 0:
                self.after = self._why_nothing(got)
                break
            at += got
        if self.after and at == start:
            raise self.after
        return at - start

    def _why_nothing(self, result: int) -> TlsError | EndOfStream | None:
        code = _lib.SSL_get_error(self._ssl, result)
        if code in (SSL_WANT_READ, SSL_WANT_WRITE):
            return None
        return EndOfStream(clean=True) if code == SSL_ZERO_RETURN else TlsError(_error_text())

    def write(self, buffer: Buffer, start: int, end: int) -> None:
        """Encrypt `buffer[start:end]`. A memory BIO takes everything, so nothing is left over."""
        while start < end:
            written = _lib.SSL_write(self._ssl, buffer.pointer + start, end - start)
            if written <= 0:
                _lib.SSL_get_error(self._ssl, written)
                raise TlsError(_error_text())
            start += written

    def write_octets(self, octets: bytes) -> None:
        """Encrypt octets of any length."""
        rest: bytes | memoryview = octets
        while rest:
            written = _lib.SSL_write(self._ssl, ffi.from_buffer(rest), len(rest))
            if written <= 0:
                raise TlsError(_error_text())
            rest = memoryview(rest)[written:]

    def handshake(self) -> bool:
        """Go one step on; return whether the handshake is done. Raises TlsError; an alert may then wait in `take`."""
        try:
            self.connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            raise TlsError(reason_of(error)) from error
        return True

    def finish(self) -> None:
        """Queue close_notify: nothing more will be written. Harmless when the connection has failed already."""
        _lib.SSL_shutdown(self._ssl)
        _clear_errors()


class PublicChannel(Channel):
    """The same by pyOpenSSL's public methods: slower, and independent of what lies below them."""

    __slots__ = ()

    def __init__(self, connection: SSL.Connection) -> None:
        self.connection = connection
        self.after = None

    def feed(self, buffer: Buffer, length: int) -> None:
        """See Channel."""
        view = buffer.view[:length]
        while view:
            view = view[self.connection.bio_write(bytes(view)) :]

    def take(self, buffer: Buffer) -> int:
        """See Channel."""
        try:
            octets = self.connection.bio_read(buffer.size)
        except SSL.WantReadError:
            return 0
        buffer.view[: len(octets)] = octets
        return len(octets)

    def read(self, buffer: Buffer, start: int, end: int) -> int:
        """See Channel."""
        if self.after:
            raise self.after
        at = start
        try:
            while at < end:
                at += self.connection.recv_into(buffer.view[at:end], end - at)
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.after = EndOfStream(clean=True)
        except SSL.Error as error:
            self.after = TlsError(reason_of(error))
        if self.after and at == start:
            raise self.after
        return at - start

    def write(self, buffer: Buffer, start: int, end: int) -> None:
        """See Channel."""
        self.write_octets(bytes(buffer.view[start:end]))

    def write_octets(self, octets: bytes) -> None:
        """See Channel."""
        try:
            if octets:
                self.connection.sendall(octets)
        except SSL.Error as error:
            raise TlsError(reason_of(error)) from error

    def finish(self) -> None:
        """See Channel."""
        try:
            self.connection.shutdown()
        except SSL.Error:
            return


def open_channel(connection: SSL.Connection) -> Channel:
    """Return the channel of a connection made with `SSL.Connection(context, None)`."""
    return Channel(connection) if _binding_holds else PublicChannel(connection)


def reason_of(error: SSL.Error) -> str:
    """Return OpenSSL's reasons in words; a bare end of the octets has none of its own."""
    if isinstance(error, SSL.SysCallError):
        return "connection ended"
    first = error.args[0] if error.args else ()
    reasons = [entry[2] for entry in first if isinstance(entry, tuple) and len(entry) == 3]
    return "; ".join(dict.fromkeys(reasons)) or type(error).__name__


SSL_ZERO_RETURN: int = getattr(_lib, "SSL_ERROR_ZERO_RETURN", 6)
SSL_WANT_READ: int = getattr(_lib, "SSL_ERROR_WANT_READ", 2)
SSL_WANT_WRITE: int = getattr(_lib, "SSL_ERROR_WANT_WRITE", 3)


def _errors() -> Iterator[str]:
    """Empty OpenSSL's error queue. It must be empty before the next call, or that one is misread."""
    while (code := _lib.ERR_get_error()) != 0:
        text = _lib.ERR_reason_error_string(code)
        yield ffi.string(text).decode("utf-8", "replace") if text != ffi.NULL else f"error {code:x}"


def _error_text() -> str:
    return "; ".join(dict.fromkeys(_errors())) or "connection ended"


def _clear_errors() -> None:
    for _ in _errors():
        pass


def _prove_binding() -> bool:
    """Whether octets really pass through the pieces this file uses below pyOpenSSL's methods."""
    needed = ("BIO_write", "BIO_read", "SSL_read", "SSL_write", "SSL_shutdown", "SSL_clear_mode", "SSL_get_error",
              "ERR_get_error")  # fmt: skip
    connection = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
    connection.set_connect_state()
    if not all(hasattr(_lib, name) for name in needed):
        return False
    if not all(hasattr(connection, name) for name in ("_ssl", "_into_ssl", "_from_ssl")):
        return False
    channel, buffer = Channel(connection), Buffer(4096)
    try:
        channel.handshake()
    except TlsError:
        return False
    hello = channel.take(buffer)
    return hello > 0 and buffer.memory[0] == 0x16  # a TLS handshake record


_binding_holds = _prove_binding()
