"""The steps of a TLS handshake, told to who wants them, at both ends and over both kinds of stream."""

import asyncio
import threading
import time

import pytest
from OpenSSL import SSL

from seon.net.channel import TlsError
from seon.net.context import accepting, connecting, partner_dialler, partner_listener
from seon.net.handshakes import MAX_STEPS, _Watch, in_words, watched
from seon.net.stream import AsyncTls, BlockingTls
from seon.pki import fingerprint


@pytest.fixture
def server(ours, partner):
    return accepting(partner_listener(ours.pem, ours.key_pem, lambda c: c.fingerprint == partner.fingerprint).context)


def shake(pair, server, client, told: list[str], told_client: list[str]) -> None:
    """Do a handshake, awaited at the server and blocking at the client; the server's error is raised."""
    pair[0].setblocking(False)
    one, two = AsyncTls(pair[0], server), BlockingTls(pair[1], client)

    def dial() -> None:
        two.handshake(time.monotonic() + 10, told_client.append)

    thread = threading.Thread(target=dial)
    thread.start()
    try:
        asyncio.run(one.handshake(tell=told.append))
    finally:
        thread.join(10)


def test_both_ends_tell_each_step_and_what_came_of_it(pair, server, ours, partner) -> None:
    client = connecting(partner_dialler(partner.pem, partner.key_pem, lambda _: True).context, server_name="a.example")
    told, told_client = [], []
    shake(pair, server, client, told, told_client)
    (hello,) = [step for step in told if step.startswith("ClientHello: ")]
    assert "server name a.example" in hello
    for step in ("read client hello", "write server hello", "read client certificate"):
        assert step in told
    assert "write client hello" in told_client
    assert in_words(client).startswith("TLSv1.3 TLS_")
    assert told[-2].startswith("handshake done in ")
    assert told[-2].endswith(f" ms: {in_words(server)}")
    assert told[-1].startswith(f"certificate shown: SHA-256 {fingerprint(partner.certificate)}, ")
    assert told_client[-1].startswith(f"certificate shown: SHA-256 {fingerprint(ours.certificate)}, ")


def test_a_refusal_tells_the_alert_at_the_end_that_sends_it(pair, server, certificate) -> None:
    stranger = certificate("stranger")
    client = connecting(partner_dialler(stranger.pem, stranger.key_pem, lambda _: True).context)
    told, _ = [], []
    with pytest.raises(TlsError):
        shake(pair, server, client, told, _)
    assert [step for step in told if step.startswith("alert sent: ")]
    assert told[-1].startswith("handshake failed after ")
    assert "certificate verify failed" in told[-1]


def test_where_nobody_wants_steps_the_connection_is_not_touched(server, monkeypatch) -> None:
    monkeypatch.setattr("seon.net.handshakes._Watch", None)
    with watched(server, None) as heard:
        heard(memoryview(b"octets"))


def test_after_the_handshake_nothing_is_told_any_more(pair, server, partner) -> None:
    client = connecting(partner_dialler(partner.pem, partner.key_pem, lambda _: True).context)
    told, told_client = [], []
    shake(pair, server, client, told, told_client)
    said = len(told), len(told_client)
    server.shutdown()  # an alert, which the callback would be told of
    client.shutdown()
    assert (len(told), len(told_client)) == said


def test_the_steps_of_one_handshake_are_bounded(server) -> None:
    told: list[str] = []
    watch = _Watch(server, told.append)
    for _ in range(MAX_STEPS * 2):
        watch._happened(server._ssl, SSL.SSL_CB_WRITE_ALERT, 40)
    watch.close()
    assert told == ["alert sent: handshake failure"] * MAX_STEPS
