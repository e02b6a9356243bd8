import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

import certificates
from crl_web import Handler, Web, endless, octets, redirect, serving, silent
from seon.backend.revocation import downloading
from seon.backend.revocation.destinations import DownloadError
from seon.backend.revocation.downloading import Fetched, Limits, Line, Wanted, fetch

LOOPBACK = [ipaddress.ip_network("127.0.0.1/32")]
SHORT = Limits(connect=0.5, silence=0.3, total=0.6, octets=100_000)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        yield made


def get(url: str, limits: Limits = SHORT, **more: object) -> tuple[bytes | None, Fetched, list[str]]:
    steps: list[str] = []
    wanted = Wanted(url, **{"networks": LOOPBACK, **more})  # type: ignore[arg-type]
    found = fetch(wanted, Line(), steps.append, limits)
    if found.body is None:
        return None, found, steps
    with found.body:
        return found.body.read(), found, steps


def why(url: str, limits: Limits = SHORT, **more: object) -> str:
    with pytest.raises(DownloadError) as refused:
        get(url, limits, **more)
    return str(refused.value)


def test_a_list_is_fetched_and_each_step_is_said(web: Web) -> None:
    web.answers["a"] = octets(b"list", ETag='"1"', Last_Modified="Fri, 27 Nov 2026 12:00:00 GMT")
    body, found, steps = get(web.url("a"))
    assert (body, found.etag, found.modified) == (b"list", '"1"', "Fri, 27 Nov 2026 12:00:00 GMT")
    assert steps == [f"connecting to 127.0.0.1:{web.port}", "answer 200 OK", "4 octets"]
    ((path, headers),) = web.asked
    assert (path, headers["Host"], headers["Accept-Encoding"]) == ("/a", f"127.0.0.1:{web.port}", "identity")
    assert "If-None-Match" not in headers


def test_what_is_there_already_is_not_sent_again(web: Web) -> None:
    web.answers["a"] = octets(b"", 304)
    assert get(web.url("a"), etag='"1"', modified="x")[0] is None
    assert (web.asked[0][1]["If-None-Match"], web.asked[0][1]["If-Modified-Since"]) == ('"1"', "x")
    assert why(web.url("a")) == "the web server answers 304 Not Modified", "nobody has asked for that"


def test_a_server_that_never_answers_is_given_up(web: Web) -> None:
    web.answers["a"] = silent(web)
    assert why(web.url("a")) == "no answer for 0.3 s"


def test_an_answer_in_drops_ends_at_the_time_limit(web: Web) -> None:
    web.answers["a"] = endless(web, b"x", 0.05)
    began = time.monotonic()
    assert why(web.url("a")) == "it took longer than 0.6 s"
    assert time.monotonic() - began < 15


def test_headers_in_drops_end_at_the_time_limit(web: Web) -> None:
    def drops(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not web.ending.wait(0.05):
            handler.wfile.write(b"X: y\r\n" if len(web.asked) > 1 else b"X")

    web.answers["a"] = drops
    assert why(web.url("a")) == "it took longer than 0.6 s"


def test_an_endless_answer_ends_at_the_size_limit(web: Web) -> None:
    web.answers["a"] = endless(web)
    assert why(web.url("a")) == "it has more than 100000 octets"
    web.answers["b"] = octets(bytes(100_001))
    assert why(web.url("b")) == "it has 100001 octets; there can be 100000"


def test_an_answer_that_is_cut_off_is_no_answer(web: Web) -> None:
    def cut(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"abc")

    web.answers["a"] = cut
    assert why(web.url("a")) == "it was cut off: 3 of 1000 octets came"


@pytest.mark.parametrize(
    ("said", "words"),
    [(b"hello\r\n\r\n", "the answer is no HTTP: BadStatusLine"), (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000,
     "the answer is no HTTP: LineTooLong"),
     (b"", "the connection broke: Remote end closed connection without response")],
)  # fmt: skip
def test_what_is_no_http_is_said(web: Web, said: bytes, words: str) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(said)

    web.answers["a"] = answer
    assert why(web.url("a")) in (words, "the connection broke: Connection reset by peer")


def test_another_status_and_a_compressed_answer_are_said(web: Web) -> None:
    assert why(web.url("a")) == "the web server answers 404 Not Found"
    web.answers["b"] = octets(b"x", Content_Encoding="gzip")
    assert why(web.url("b")) == "it comes compressed (gzip), which was not asked for"


def test_redirects_are_followed_five_times(web: Web) -> None:
    for number in range(7):
        web.answers[str(number)] = redirect(f"/{number + 1}")
    web.answers["7"] = octets(b"list")
    assert get(web.url("2"), Limits())[0] == b"list"
    assert why(web.url("1"), Limits()) == "more than 5 redirects"


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://127.0.0.2/", "127.0.0.2 is not a public address, and private_networks does not have it"),
     ("http://[::ffff:127.0.0.2]/", "::ffff:127.0.0.2 is not a public address, and private_networks does not have it"),
     ("http://169.254.169.254/", "169.254.169.254 is not a public address, and private_networks does not have it"),
     ("file:///etc/passwd", "it is no address of http or https"), ("", "more than 5 redirects")],
)  # fmt: skip
def test_each_redirect_is_checked(web: Web, url: str, words: str) -> None:
    web.answers["a"] = redirect(url)
    assert why(web.url("a"), Limits()) == words


def test_a_private_address_is_not_even_connected_to(web: Web) -> None:
    assert "is not a public address" in why(web.url("a"), networks=[])
    assert "is not a public address" in why(f"http://localhost:{web.port}/a", networks=[])
    assert web.asked == []


def test_a_name_is_not_resolved_a_second_time(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that has another address each time (DNS rebinding) is connected to where it was checked."""
    asked, known = [], socket.getaddrinfo

    def resolved(host: str, *more: object, **named: object) -> object:
        asked.append(host)
        if host == "rebound.example":
            return [(2, 1, 6, "", ("127.0.0.1" if asked.count(host) == 1 else "127.0.0.2", web.port))]
        return known(host, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    web.answers["a"] = octets(b"list")
    assert get(f"http://rebound.example:{web.port}/a")[0] == b"list"
    assert asked.count("rebound.example") == 1
    assert web.asked[0][1]["Host"] == f"rebound.example:{web.port}"


def test_who_is_not_there_is_said() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # nobody listens
        port = bound.getsockname()[1]
        assert why(f"http://127.0.0.1:{port}/") == f"127.0.0.1:{port} cannot be reached: Connection refused"


def test_a_download_can_be_cut_off_by_another_thread(web: Web) -> None:
    web.answers["a"] = silent(web)
    line = Line()
    threading.Timer(0.1, line.cut, ["given up"]).start()
    began = time.monotonic()
    with pytest.raises(DownloadError, match="given up"):
        fetch(Wanted(web.url("a"), networks=LOOPBACK), line, lambda _: None)
    assert time.monotonic() - began < 15


def test_an_http_proxy_is_asked_for_the_whole_address(web: Web) -> None:
    web.answers["http://crl.invalid:80/a?b"] = octets(b"list")
    assert get("http://crl.invalid/a?b", proxy=("127.0.0.1", web.port), networks=[])[0] == b"list"
    assert web.asked[0][1]["Host"] == "crl.invalid:80"
    assert "is not a public address" in why("http://10.0.0.1/a", proxy=("127.0.0.1", web.port), networks=[])
    assert len(web.asked) == 1


# --- https ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A web server with a certificate of a CA that this host trusts, for 127.0.0.1 and crl.example."""
    ca = certificates.make("CA", ca=True)
    names = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("crl.example")]
    )
    made = certificates.make("web", issuer=ca, extensions=[(names, False)])
    (tmp_path / "web.pem").write_bytes(made.pem.encode() + made.key_pem)
    (tmp_path / "ca.pem").write_text(ca.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "web.pem")
    with serving(context=context) as made_web:
        yield made_web


def test_https_is_verified(secured: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    secured.answers["a"] = octets(b"list")
    assert get(secured.url("a"))[0] == b"list"
    assert "is not trusted here" in why(secured.url("a").replace("127.0.0.1", "localhost"), networks=[*LOOPBACK,
                                        ipaddress.ip_network("::1/128")])  # fmt: skip
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "is not trusted here" in why(secured.url("a"))


def test_https_goes_through_a_tunnel_of_the_proxy(secured: Web) -> None:
    secured.answers["a"] = octets(b"list")
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        asked: list[bytes] = []
        thread = threading.Thread(target=_tunnel, args=[proxy, secured.port, asked], daemon=True)
        thread.start()
        port = proxy.getsockname()[1]
        assert get("https://crl.example/a", Limits(), proxy=("127.0.0.1", port), networks=[])[0] == b"list"
        thread.join(10)
    assert asked[0].startswith(b"CONNECT crl.example:443 HTTP/1.")


def _tunnel(proxy: socket.socket, to: int, asked: list[bytes]) -> None:
    """Be a proxy for one tunnel, whatever its destination, to a port of this host."""
    inner, _ = proxy.accept()
    asked.append(inner.recv(65_536))
    inner.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    with inner, socket.create_connection(("127.0.0.1", to)) as outer:
        back = threading.Thread(target=_copy, args=[outer, inner], daemon=True)
        back.start()
        _copy(inner, outer)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass octets on until one end is gone. The sockets are closed when both ways are done."""
    with contextlib.suppress(OSError):
        while octets_ := source.recv(65_536):
            target.sendall(octets_)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def test_a_large_list_waits_in_a_file_not_in_memory(web: Web) -> None:
    web.answers["a"] = octets(bytes(3 * downloading.IN_MEMORY))
    found = fetch(Wanted(web.url("a"), networks=LOOPBACK), Line(), lambda _: None)
    assert found.body is not None
    with found.body as body:
        assert body._rolled  # type: ignore[attr-defined]
        assert len(body.read()) == 3 * downloading.IN_MEMORY
