"""Each failure of a dial is said in the words that help, from a real peer that brings it about."""

import contextlib
import errno
import itertools
import re
import socket
import time

import pytest
from OpenSSL import SSL, crypto

from seon.net import dial as dialling
from seon.net.channel import Channel, EndOfStream, TlsError
from seon.net.context import accepting, connecting, partner_dialler, partner_listener
from seon.net.dial import DialError, Stage, dial, first_word, secure
from seon.net.failures import caller_failure, connect_causes
from unit.net import answering as peer
from unit.net.answering import SSRM, TlsPeer, answering

TLS, CERTIFICATE, FIRST = Stage.TLS, Stage.CERTIFICATE, Stage.SSRM
BAD_HELLO = b"\x16\x03\x03\x00\x05hello"
SERVER_HELLO_TLS_1_1 = (
    b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02" + bytes(range(32)) + b"\x00\xc0\x13\x00"
)  # legacy servers choose the version so: no alert, but a ServerHello of TLS 1.1


def reach(sock: socket.socket, context: SSL.Context, deadline: float) -> None:
    tls = secure(sock, connecting(context), "partner.example:6619", deadline=deadline)
    first_word(tls, "partner.example:6619", deadline=deadline)


@pytest.fixture
def ask(ours):
    """Dial a peer as a session process does; return the words of the DialError."""
    context = partner_dialler(ours.pem, ours.key_pem, lambda _: True).context

    def run(act, *, seconds: float = 10, context: SSL.Context = context) -> tuple[Stage, str]:
        with answering(act) as port, contextlib.ExitStack() as opened:
            deadline = time.monotonic() + seconds
            sock = opened.enter_context(dial("127.0.0.1", port, deadline=deadline))
            with pytest.raises(DialError) as error:
                reach(sock, context, deadline)
            assert sock.fileno() == -1, "closed"
        assert str(error.value) == f"partner.example:6619: {error.value.stage}: {error.value.cause}"
        return error.value.stage, error.value.cause

    return run


NO_TLS = "what answers there speaks no TLS (plain OFTP2 port?)"
PLAIN = "what answers there speaks OFTP2 without TLS (its TLS port is another one, often 6619)"
WITHOUT_A_WORD = "it ended the connection without a word (is that a TLS port? does it let our address in?)"


OTHER_CIPHERS = "it wants other ciphers than ours (an old station? then old_tls for this partner;"


@pytest.mark.parametrize(("act", "words"), [
    (peer.says(SSRM), PLAIN),
    (peer.answers(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "what answers there speaks HTTP, no TLS"),
    (peer.says(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "what answers there speaks SSH, no TLS"),
    (peer.says(b"220 mail.example ESMTP\r\n"), NO_TLS),
    (peer.says(b"\xff" * 100), NO_TLS),
    (peer.says(bytes(100)), NO_TLS),
    (lambda sock: sock.sendall(b"\xff\xff"), NO_TLS),
    (peer.closes, WITHOUT_A_WORD),
    (peer.closes_after_hello, WITHOUT_A_WORD),
    (peer.resets, WITHOUT_A_WORD),
    (peer.answers(BAD_HELLO), "the handshake failed (unexpected message)"),
    (peer.answers(SERVER_HELLO_TLS_1_1), "it answers with TLS 1.1: TLS 1.2 or 1.3 is needed"),
    (peer.alerts(70), "it wants no TLS 1.2 or higher"),
    (peer.alerts(40), f"{OTHER_CIPHERS} alert: handshake failure)"),
    (peer.alerts(71), f"{OTHER_CIPHERS} alert: insufficient security)"),
    (peer.alerts(112), "it does not know the name that it was called by (alert: unrecognized name)"),
    (peer.alerts(120), "it ended the handshake (alert: no application protocol)"),
    (peer.alerts(80), "it ended the handshake (alert: internal error)"),
], ids=itertools.count())  # fmt: skip
def test_what_is_no_tls_or_not_ours_is_named(ask, act, words) -> None:
    assert ask(act) == (TLS, words)


REFUSALS = {
    41: "no certificate",
    42: "bad certificate",
    43: "unsupported certificate",
    44: "certificate revoked",
    45: "certificate expired",
    46: "certificate unknown",
    48: "unknown ca",
    49: "access denied",
    116: "certificate required",
}


@pytest.mark.parametrize(("number", "alert"), REFUSALS.items())
def test_each_alert_about_our_certificate_is_named(ask, number, alert) -> None:
    assert ask(peer.alerts(number)) == (TLS, f"it refused our certificate (alert: {alert})")


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
def test_a_peer_that_does_not_take_our_certificate_is_named(ask, partner, version) -> None:
    """With TLS 1.3 the handshake is over by then; the alert comes in the place of SSRM."""
    refusing = TlsPeer(partner, version=version, admits=False).then(lambda _: None)
    assert ask(refusing) == (TLS, "it refused our certificate (alert: unknown ca)")


@pytest.mark.parametrize("version", [SSL.TLS1_VERSION, SSL.TLS1_1_VERSION])
def test_a_peer_with_old_tls_only_is_named(ask, partner, version) -> None:
    assert ask(TlsPeer(partner, version=version).then(lambda _: None)) == (TLS, "it wants no TLS 1.2 or higher")


def test_a_peer_with_other_ciphers_only_is_named(ask, partner) -> None:
    cbc = TlsPeer(partner, version=SSL.TLS1_2_VERSION, ciphers=b"ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    assert ask(cbc.then(lambda _: None)) == (TLS, f"{OTHER_CIPHERS} alert: handshake failure)")


def test_a_peer_that_goes_in_the_midst_of_the_handshake_is_named(ask, partner) -> None:
    whole = TlsPeer(partner, version=SSL.TLS1_2_VERSION)

    def goes(sock: socket.socket) -> None:
        connection = SSL.Connection(whole._context)
        connection.set_accept_state()
        connection.bio_write(sock.recv(65_536))
        with contextlib.suppress(SSL.WantReadError):
            connection.do_handshake()
        sock.sendall(connection.bio_read(65_536))
        sock.recv(65_536)

    words = "it ended the connection in the handshake (does it know our certificate?)"
    assert ask(goes) == (TLS, words)


def test_a_peer_that_says_nothing_is_named(ask) -> None:
    assert ask(peer.silent, seconds=0.5) == (TLS, "no answer within 0.5 s (is that a TLS port?)")


def test_a_handshake_that_does_not_go_on_is_named(ask) -> None:
    stuck = peer.answers(b"\x16\x03\x03\x01\x00\x02\x00")
    assert ask(stuck, seconds=0.5) == (TLS, "it did not complete the handshake within 0.5 s")


def test_a_certificate_that_we_do_not_take_is_named(ask, ours, partner) -> None:
    choosy = partner_dialler(ours.pem, ours.key_pem, lambda _: False).context
    act = TlsPeer(partner, version=SSL.TLS1_3_VERSION).then(lambda _: None)
    assert ask(act, context=choosy) == (CERTIFICATE, "it is none that is accepted here")


@pytest.mark.parametrize(("days", "words"), [(-1, "it has expired"), (30, "it is none that is accepted here")])
def test_where_openssl_judges_a_certificate_the_clocks_are_named(ask, certificate, days, words) -> None:
    made = certificate("peer", days=days, ca=True)
    judging = SSL.Context(SSL.TLS_CLIENT_METHOD)
    judging.set_verify(SSL.VERIFY_PEER, None)
    if days < 0:
        judging.get_cert_store().add_cert(crypto.X509.from_cryptography(made.certificate))
    act = TlsPeer(made, version=SSL.TLS1_3_VERSION).then(lambda _: None)
    stage, cause = ask(act, context=judging)
    assert stage is CERTIFICATE
    assert cause.startswith(words)


def test_a_peer_without_a_certificate_is_named(ask, partner) -> None:
    """We offer no cipher suite with which this is possible: here both sides do."""
    anonymous = SSL.Context(SSL.TLS_CLIENT_METHOD)
    anonymous.set_cipher_list(b"ADH-AES128-GCM-SHA256:@SECLEVEL=0")
    answer = SSL.Context(SSL.TLS_SERVER_METHOD)
    answer.set_cipher_list(b"ADH-AES128-GCM-SHA256:@SECLEVEL=0")

    def act(sock: socket.socket) -> None:
        sock.settimeout(None)
        connection = SSL.Connection(answer, sock)
        connection.set_accept_state()
        connection.do_handshake()
        peer.silent(sock)

    assert ask(act, context=anonymous) == (CERTIFICATE, "none shown")


# --- after the handshake: SSRM --------------------------------------------------------------------------------------


@pytest.fixture(params=[SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
def admitting(request, partner):
    return TlsPeer(partner, version=request.param)


def test_a_partner_that_never_says_ssrm_is_named(ask, admitting) -> None:
    act = admitting.then(lambda connection: connection.recv(1))
    stage, cause = ask(act, seconds=1)
    assert stage == FIRST
    # The handshake was a part of the second.
    assert re.fullmatch(r"none within (0\.\d|1) s \(is that an OFTP2 station\?\)", cause)


@pytest.mark.parametrize("orderly", [True, False])
def test_a_partner_that_goes_before_ssrm_is_named(ask, admitting, orderly) -> None:
    act = admitting.then(lambda connection: connection.shutdown() if orderly else None)
    assert ask(act) == (FIRST, "it ended the connection instead (does it know our certificate?)")


def test_ssrm_is_left_for_the_session(ours, admitting) -> None:
    context = partner_dialler(ours.pem, ours.key_pem, lambda _: True).context
    deadline = time.monotonic() + 10
    with (
        answering(admitting.then(lambda connection: connection.sendall(SSRM))) as port,
        dial("127.0.0.1", port, deadline=deadline) as sock,
    ):
        tls = secure(sock, connecting(context), "x", deadline=deadline)
        first_word(tls, "x", deadline=deadline)
        assert tls.read_exactly(len(SSRM), deadline) == SSRM


# --- name and connect -----------------------------------------------------------------------------------------------


def name_words(monkeypatch, error: Exception) -> str:
    def fails(*_, **__):
        raise error

    monkeypatch.setattr(dialling.socket, "getaddrinfo", fails)
    with pytest.raises(DialError) as caught:
        dial("partner.example", 6619, deadline=time.monotonic() + 1)
    return str(caught.value)


@pytest.mark.parametrize(("number", "words"), [
    (socket.EAI_NONAME, "unknown (is it spelt right? does this host's resolver know it?)"),
    (socket.EAI_NODATA, "it has no address (is it the right name?)"),
    (socket.EAI_AGAIN, "no name server answers (network down? wrong /etc/resolv.conf?)"),
    (socket.EAI_FAIL, "the name server has failed (this host's resolver, or the zone of that name)"),
    (socket.EAI_MEMORY, "memory allocation failure"),
])  # fmt: skip
def test_why_a_name_has_no_address_is_named(monkeypatch, number, words) -> None:
    error = socket.gaierror(number, "Memory allocation failure")
    assert name_words(monkeypatch, error) == f"partner.example:6619: name: {words}"


@pytest.mark.parametrize(("failed", "words"), [
    ([("a", errno.ECONNREFUSED)], "refused by a (nothing listens on that port)"),
    ([("a", errno.ECONNRESET)], "reset by a (does it let our address in?)"),
    ([("a", errno.ENETUNREACH)], "no route to a (has this host no such network?)"),
    ([("a", errno.EHOSTUNREACH)], "no way to a (host down? a firewall?)"),
    ([("a", errno.EACCES)], "forbidden for a on this host (its firewall?)"),
    ([("a", errno.EMFILE)], "too many open files for a"),
    ([(name, errno.ETIMEDOUT) for name in "abcde"], "no answer from a, b, c and 2 more within 10 s (a firewall?)"),
])  # fmt: skip
def test_why_addresses_cannot_be_connected_to_is_named_once(failed, words) -> None:
    assert connect_causes(failed, 10, literal=False) == words


def test_a_target_that_is_an_address_is_not_named_twice() -> None:
    failed = [("192.0.2.1", errno.ECONNREFUSED)]
    assert connect_causes(failed, 10, literal=True) == "refused (nothing listens on that port)"


# --- who calls us -----------------------------------------------------------------------------------------------------


@pytest.fixture
def call(ours, shake):
    """Return what is said of a caller whose handshake with the external port fails."""

    def fail(client: SSL.Connection) -> str:
        server = Channel(accepting(partner_listener(ours.pem, ours.key_pem, lambda _: True).context))
        with contextlib.suppress(SSL.WantReadError):
            client.do_handshake()
        server.feed_octets(client.bio_read(65_536))
        with pytest.raises(TlsError) as failed:
            server.handshake()
        return caller_failure(failed.value, server.heard)

    return fail


def calling(version: int, ciphers: bytes = b"ALL:@SECLEVEL=0") -> SSL.Connection:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    context.set_cipher_list(ciphers)
    return connecting(context)


@pytest.mark.parametrize(("version", "name"), [(SSL.TLS1_VERSION, "TLS 1.0"), (SSL.TLS1_1_VERSION, "TLS 1.1")])
def test_a_caller_with_old_tls_is_told_apart_by_its_version(call, version, name) -> None:
    assert call(calling(version)) == f"it offers {name} at most: TLS 1.2 or 1.3 is needed"


@pytest.mark.parametrize(
    ("hello", "name"),
    [
        ("16 0300 002f 01 00002b 0300" + 32 * "00" + "00 0004 c014 0035 01 00", "SSL 3.0"),
        ("80 2e 01 0002 0015 0000 0010" + 37 * "00", "SSL 2.0"),
        ("80 2e 01 0301 0015 0000 0010" + 37 * "00", "TLS 1.0"),
    ],
)
def test_a_caller_of_the_last_century_is_too(ours, hello, name) -> None:
    server = Channel(accepting(partner_listener(ours.pem, ours.key_pem, lambda _: True).context))
    server.feed_octets(bytes.fromhex(hello))
    with pytest.raises(TlsError) as failed:
        server.handshake()
    assert caller_failure(failed.value, server.heard) == f"it offers {name} at most: TLS 1.2 or 1.3 is needed"


def test_a_caller_with_old_ciphers_is_told_apart_with_what_to_do(call) -> None:
    words = call(calling(SSL.TLS1_2_VERSION, b"ECDHE-ECDSA-AES256-SHA384"))
    assert "an old station? then old_tls for its partner, with its networks" in words
    assert words.endswith(": no shared cipher"), "what people search for"


def test_another_failure_of_a_caller_is_said_in_openssls_words() -> None:
    hello = bytes.fromhex("16030100f8010000f40303") + bytes(5)
    assert caller_failure(TlsError("certificate verify failed"), hello) == "certificate verify failed"
    assert caller_failure(TlsError("http request"), b"GET / HTTP/1.1\r\n") == "it speaks HTTP"
    assert caller_failure(EndOfStream(clean=False), b"") == "it sent nothing (a plain OFTP2 station waits for SSRM)"
