"""A small real reverse proxy: https on both sides, the path left as it is, and HTTP Basic if a test wants that."""

import base64
import contextlib
import http.client
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_OF_THE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class ReverseProxy:
    """Passes all calls on to a Seonapi, with its certificate; `basic` is user:password, "" for none."""

    home: Path
    upstream: int
    basic: str = ""
    public: str = ""
    """A path that needs no password."""
    port: int = 0
    seen: list[str] = field(default_factory=list)
    """Paths that came with the right password, or where none is wanted."""

    def admits(self, path: str, authorization: str) -> bool:
        wanted = "Basic " + base64.b64encode(self.basic.encode()).decode()
        return not self.basic or authorization == wanted or (bool(self.public) and path == self.public)

    @contextlib.contextmanager
    def serving(self) -> Iterator["ReverseProxy"]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.home / "https.pem", self.home / "https.key")
        # The handshake belongs to the connection's thread, or one that waits would hold up all.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.daemon_threads = True
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(proxy: ReverseProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 70

        def handle(self) -> None:
            with contextlib.suppress(OSError, http.client.HTTPException):  # whoever went away before the answer
                super().handle()

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not proxy.admits(self.path, self.headers.get("Authorization", "")):
                self._answer(401, [("WWW-Authenticate", 'Basic realm="reverse proxy"')], b"<html>401</html>")
                return
            proxy.seen.append(self.path)
            context = ssl.create_default_context(cafile=str(proxy.home / "api-ca.pem"))
            upstream = http.client.HTTPSConnection("127.0.0.1", proxy.upstream, timeout=70, context=context)
            with contextlib.closing(upstream):
                upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in _OF_THE_HOP | {"authorization"}:
                        upstream.putheader(name, value)
                upstream.putheader("Content-Length", str(len(body)))
                upstream.endheaders(body)
                answer = upstream.getresponse()
                self._answer(answer.status, answer.getheaders(), answer.read())

        do_POST = do_GET  # noqa: N815  # http.server's name

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _OF_THE_HOP:
                    self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
