"""TLS over memory BIOs, by the binding below pyOpenSSL's methods."""

import secrets
import tomllib
from pathlib import Path
from types import SimpleNamespace

import cryptography
import OpenSSL
import pytest
from OpenSSL import SSL

from seon.net import channel as module
from seon.net.buffers import Buffer
from seon.net.channel import Channel, EndOfStream, TlsError
from seon.net.context import accepting, connecting, partner_dialler, partner_listener


@pytest.fixture
def connections(ours, partner):
    gate = partner_listener(ours.pem, ours.key_pem, lambda _: True)
    dialler = partner_dialler(partner.pem, partner.key_pem, lambda _: True)
    return accepting(gate.context), connecting(dialler.context)


@pytest.fixture
def ends(connections, shake):
    shake(*connections)
    return tuple(Channel(connection) for connection in connections)


def carry(source: Channel, sink: Channel, lose: int = 0) -> int:
    """Carry TLS octets from one channel to the other, but for the last `lose`; return how many were carried."""
    buffer, octets = Buffer(5_000), b""
    while length := source.take(buffer):
        octets += bytes(buffer.view[:length])
    octets = octets[: len(octets) - lose]
    for at in range(0, len(octets), buffer.size):
        part = octets[at : at + buffer.size]
        buffer.view[: len(part)] = part
        sink.feed(buffer, len(part))
    return len(octets)


def read_all(channel: Channel, size: int) -> bytes:
    buffer, octets = Buffer(7_000), b""
    while len(octets) < size and (got := channel.read(buffer, 0, buffer.size)):
        octets += bytes(buffer.view[:got])
    return octets


def test_the_handshake_goes_on_step_by_step_over_the_channels(connections) -> None:
    one, two = (Channel(connection) for connection in connections)
    done = [False, False]
    for _ in range(10):
        done = [one.handshake(), done[1]]
        carry(one, two)
        done[1] = two.handshake()
        carry(two, one)
        if all(done):
            break
    assert done == [True, True]


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 300_000])
def test_octets_arrive_as_they_were_written(ends, size) -> None:
    octets = secrets.token_bytes(size)
    ends[0].write_octets(octets)
    carry(*ends)
    assert read_all(ends[1], size) == octets


def test_a_part_of_a_buffer_is_written_and_read(ends) -> None:
    source, sink = Buffer(64), Buffer(64)
    source.view[10:20] = b"0123456789"
    ends[1].write(source, 12, 18)
    carry(ends[1], ends[0])
    assert ends[0].read(sink, 5, 9) == 4
    assert ends[0].read(sink, 9, 64) == 2
    assert bytes(sink.view[:12]) == b"\0" * 5 + b"234567" + b"\0"


def test_nothing_there_reads_as_nothing(ends) -> None:
    assert ends[0].read(Buffer(10), 0, 10) == 0
    assert ends[0].take(Buffer(10)) == 0


def test_close_notify_is_a_clean_end_after_all_octets(ends) -> None:
    buffer = Buffer(100)
    ends[0].write_octets(b"last words")
    ends[0].finish()
    carry(*ends)
    assert ends[1].read(buffer, 0, 100) == 10
    with pytest.raises(EndOfStream) as end:
        ends[1].read(buffer, 0, 100)
    assert end.value.clean


def test_what_lies_behind_the_octets_is_known_with_them(ends) -> None:
    buffer = Buffer(100)
    ends[0].write_octets(b"last words")
    carry(*ends)
    ends[0].finish()
    carry(*ends)
    assert ends[1].read(buffer, 0, 100) == 10
    assert isinstance(ends[1].after, EndOfStream)


def test_an_error_behind_octets_is_the_next_reads_and_no_other_connections(ends) -> None:
    buffer = Buffer(1000)
    ends[0].write_octets(b"fine")
    carry(*ends)
    buffer.view[:10] = b"HTTP/1.1 4"
    ends[1].feed(buffer, 10)
    assert ends[1].read(buffer, 0, 100) == 4
    assert ends[0].read(buffer, 0, 100) == 0, "the errors of one connection are not another's"
    with pytest.raises(TlsError):
        ends[1].read(buffer, 0, 100)


def test_a_truncated_record_gives_no_octet_of_it(ends) -> None:
    ends[0].write_octets(b"A" * 1000)
    carry(*ends, lose=1)
    assert ends[1].read(Buffer(2000), 0, 2000) == 0


def test_a_changed_octet_is_an_error_and_no_content(ends) -> None:
    ends[0].write_octets(b"A" * 100)
    buffer = Buffer(1000)
    while length := ends[0].take(buffer):
        buffer.memory[length - 1] ^= 1
        ends[1].feed(buffer, length)
    with pytest.raises(TlsError, match=r"mac|decryption"):
        ends[1].read(Buffer(1000), 0, 1000)


def test_an_error_of_one_connection_does_not_spoil_another(ends, connections) -> None:
    """OpenSSL keeps errors per thread: what one connection leaves there would be taken for another's."""
    other = Channel(connections[0])
    broken = Channel(connecting(SSL.Context(SSL.TLS_CLIENT_METHOD)))
    broken.handshake()
    buffer = Buffer(100)
    buffer.view[:10] = b"HTTP/1.1 4"
    broken.feed(buffer, 10)
    with pytest.raises(TlsError):
        broken.handshake()
    broken.finish()
    ends[1].write_octets(b"fine")
    carry(ends[1], other)
    assert other.read(buffer, 0, 100) == 4


def test_the_alert_of_a_failed_handshake_waits_for_the_peer(ours, partner) -> None:
    gate = partner_listener(ours.pem, ours.key_pem, lambda _: False)
    dialler = partner_dialler(partner.pem, partner.key_pem, lambda _: True)
    one, two = Channel(accepting(gate.context)), Channel(connecting(dialler.context))
    two.handshake()
    carry(two, one)
    one.handshake()
    carry(one, two)
    two.handshake()
    carry(two, one)
    with pytest.raises(TlsError, match="verify failed"):
        one.handshake()
    assert carry(one, two) > 0
    with pytest.raises(TlsError, match="alert"):
        two.read(Buffer(10), 0, 10)


def test_writing_after_the_end_fails(ends) -> None:
    ends[0].finish()
    with pytest.raises(TlsError):
        ends[0].write_octets(b"too late")
    with pytest.raises(TlsError):
        ends[0].write(Buffer(10), 0, 10)


def test_to_end_a_connection_that_failed_is_harmless() -> None:
    channel = Channel(connecting(SSL.Context(SSL.TLS_CLIENT_METHOD)))
    channel.finish()
    channel.finish()


def test_an_end_says_whether_it_was_clean() -> None:
    assert str(EndOfStream(clean=True)) == "end of stream"
    assert "without close_notify" in str(EndOfStream(clean=False))


@pytest.mark.parametrize("missing", ["SSL_read", "SSL_write", "BIO_write", "SSL_clear_mode"])
def test_where_the_binding_does_not_hold_the_import_fails_and_says_what_is_needed(monkeypatch, missing) -> None:
    without = {name: getattr(module._lib, name) for name in dir(module._lib) if name != missing}
    monkeypatch.setattr(module, "_lib", SimpleNamespace(**without))
    with pytest.raises(ImportError) as error:
        module._prove_binding()
    for word in (f"pyOpenSSL {OpenSSL.__version__}", f"cryptography {cryptography.__version__}", missing):
        assert word in str(error.value)
    assert str(error.value).endswith(f"install {module.NEEDED}")


def test_a_binding_that_gives_no_octets_fails_the_import_too(monkeypatch) -> None:
    monkeypatch.setattr(Channel, "take", lambda self, buffer: 0)
    with pytest.raises(ImportError, match="no TLS octets"):
        module._prove_binding()


def test_what_is_needed_is_what_is_pinned() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert module.NEEDED in project["dependencies"]
