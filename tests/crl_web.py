"""Revocation lists that tests make, and a web server that answers as a test tells it."""

import datetime as dt
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import Extensions, Made


def make_list(
    issuer: Made,
    serials: Sequence[int] = (),
    *,
    number: int | None = 1,
    age: dt.timedelta = dt.timedelta(hours=1),
    life: dt.timedelta = dt.timedelta(days=7),
    extensions: Extensions = (),
    name: x509.Name | None = None,
) -> bytes:
    """Return a list in DER, made `age` ago and valid for `life` from then on."""
    made = dt.datetime.now(dt.UTC).replace(microsecond=0) - age
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name or issuer.certificate.subject)
        .last_update(made)
        .next_update(made + life)
    )
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(made).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def issuing_point(*urls: str, **more: object) -> tuple[x509.ExtensionType, bool]:
    """Return the extension of a partitioned list."""
    values: dict[str, object] = {
        "full_name": [x509.UniformResourceIdentifier(url) for url in urls] or None, "relative_name": None,
        "only_contains_user_certs": False, "only_contains_ca_certs": False, "only_some_reasons": None,
        "indirect_crl": False, "only_contains_attribute_certs": False, **more,
    }  # fmt: skip
    return x509.IssuingDistributionPoint(**values), True  # type: ignore[arg-type]


def points(*urls: str) -> tuple[x509.ExtensionType, bool]:
    """Return the extension of a certificate that names distribution points."""
    named = [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in urls]
    return x509.CRLDistributionPoints(named), False


Handler = BaseHTTPRequestHandler
Answer = Callable[[Handler], None]


@dataclass
class Web:
    """A web server on loopback: what it answers by path, and what it was asked."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)
    """Set at the end: an answer that never ends looks at it."""
    scheme: str = "http"

    def url(self, path: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/{path}"


def octets(body: bytes, status: int = 200, **headers: str) -> Answer:
    """Return an answer with these octets."""

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def redirect(url: str) -> Answer:
    return octets(b"", 302, Location=url)


def silent(web: Web) -> Answer:
    """Return an answer that never comes."""
    return lambda _: web.ending.wait() and None


def endless(web: Web, part: bytes = bytes(65_536), pause: float = 0.0) -> Answer:
    """Return an answer without an end: a part, a pause, and so on."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not web.ending.wait(pause):
            handler.wfile.write(part)

    return answer


@contextmanager
def serving(host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Serve until the end of the block; with a context over TLS."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.asked.append((self.path, dict(self.headers)))
            answer = web.answers.get(self.path.lstrip("/"), octets(b"not here", 404))
            with suppress(OSError):  # who asked has gone
                answer(self)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server((host, 0), Answering)
    web = Web(server.server_address[1])
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        web.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
