"""Every connection is authenticated afresh: nothing of an earlier one counts, and nothing is negotiated twice.

A withdrawn certificate must not come back by a session that it began. OpenSSL sends two tickets in TLS 1.3 all the
same; nothing honours them.
"""

import contextlib

import pytest
from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL

from seon.net.context import accepting, connecting, partner_dialler, partner_listener, peer_certificate

lib, ffi = Binding().lib, Binding().ffi
VERSIONS = [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION]


@pytest.fixture
def asked() -> list[str]:
    """The certificates that the gate's judge was asked about."""
    return []


@pytest.fixture
def gate(ours, asked) -> SSL.Context:
    return partner_listener(ours.pem, ours.key_pem, lambda shown: asked.append(shown.fingerprint) or True).context


@pytest.fixture
def foreign(ours) -> SSL.Context:
    """A server with our certificate that does resume: its sessions and tickets are good ones, elsewhere."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate(ours.certificate)
    context.use_privatekey(ours.key)
    context.set_session_id(b"x")
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    return context


@pytest.fixture(params=VERSIONS, ids=["TLS 1.2", "TLS 1.3"])
def station(request, partner) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.use_certificate(partner.certificate)
    context.use_privatekey(partner.key)
    context.set_min_proto_version(request.param)
    context.set_max_proto_version(request.param)
    return context


@pytest.fixture
def met(shake, carry_octets):
    """Complete a handshake, with a session that the client offers, and return the client's session after it."""
    kept: list[SSL.Connection] = []  # a connection that goes away without an end spoils its session

    def meet(server: SSL.Connection, client: SSL.Connection, session=None):
        kept.extend((server, client))
        if session is not None:
            client.set_session(session)
        shake(server, client)
        server.send(b"content, behind which a ticket would come")
        carry_octets(server, client)
        with contextlib.suppress(SSL.WantReadError):
            client.recv(100)
        return client.get_session()

    return meet


def resumed(connection: SSL.Connection) -> bool:
    return bool(lib.SSL_session_reused(connection._ssl))


@pytest.mark.parametrize("with_tickets", [True, False])
def test_no_session_is_resumed_neither_ours_nor_another_servers(
    gate, foreign, station, met, asked, partner, with_tickets
) -> None:
    if not with_tickets:
        station.set_options(SSL.OP_NO_TICKET)  # by session id then, in TLS 1.2
    sessions = [
        met(accepting(gate), connecting(station)),
        met(accepting(foreign), connecting(station)),
    ]
    assert asked == [partner.fingerprint]
    for session in sessions:
        server, client = accepting(gate), connecting(station)
        met(server, client, session)
        assert not resumed(server)
        assert not resumed(client)
        assert peer_certificate(server).fingerprint == partner.fingerprint
    assert asked == [partner.fingerprint] * 3, "the certificate is judged each time"


def test_the_proof_that_no_session_is_resumed_can_fail(foreign, station, met) -> None:
    session = met(accepting(foreign), connecting(station))
    server = accepting(foreign)
    met(server, connecting(station), session)
    assert resumed(server)


def test_no_data_before_the_handshake_is_done_is_ever_allowed(gate, station, met) -> None:
    session = met(accepting(gate), connecting(station))
    assert lib.SSL_SESSION_get_max_early_data(session._session) == 0


@pytest.mark.parametrize("station", VERSIONS[:1], indirect=True)
def test_a_caller_cannot_renegotiate(gate, station, shake, carry_octets, asked) -> None:
    server, client = accepting(gate), connecting(station)
    shake(server, client)
    assert client.renegotiate()
    with contextlib.suppress(SSL.WantReadError):
        client.do_handshake()
    assert carry_octets(client, server), "its ClientHello"
    with contextlib.suppress(SSL.WantReadError):
        server.recv(100)
    carry_octets(server, client)
    with pytest.raises(SSL.Error, match="no renegotiation"):
        client.do_handshake()
    assert lib.SSL_total_renegotiations(server._ssl) == 0
    assert len(asked) == 1


@pytest.mark.parametrize("station", VERSIONS[:1], indirect=True)
def test_the_proof_that_nobody_can_renegotiate_can_fail(foreign, station, shake, carry_octets) -> None:
    foreign.set_options(
        lib.SSL_OP_ALLOW_CLIENT_RENEGOTIATION if hasattr(lib, "SSL_OP_ALLOW_CLIENT_RENEGOTIATION") else 1 << 8
    )
    server, client = accepting(foreign), connecting(station)
    shake(server, client)
    client.renegotiate()
    for _ in range(4):
        for near, far in ((client, server), (server, client)):
            with contextlib.suppress(SSL.WantReadError):
                near.recv(100)
            with contextlib.suppress(SSL.WantReadError):
                near.do_handshake()
            carry_octets(near, far)
    assert lib.SSL_total_renegotiations(client._ssl) == 1


def test_who_is_dialled_cannot_renegotiate_either(foreign, partner, shake, carry_octets) -> None:
    asked: list[object] = []
    dialler = partner_dialler(partner.pem, partner.key_pem, lambda shown: asked.append(shown) or True)
    dialler.context.set_max_proto_version(SSL.TLS1_2_VERSION)
    server, client = accepting(foreign), connecting(dialler.context)
    shake(server, client)
    server.renegotiate()
    for near, far in ((server, client), (client, server)):
        with contextlib.suppress(SSL.WantReadError, SSL.Error):
            near.do_handshake()
        carry_octets(near, far)
        with contextlib.suppress(SSL.WantReadError, SSL.Error):
            far.recv(100)
        carry_octets(far, near)
    assert lib.SSL_total_renegotiations(client._ssl) == 0
    assert len(asked) == 1
