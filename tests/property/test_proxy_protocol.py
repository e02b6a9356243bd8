"""The PROXY protocol against any octets and any addresses."""

import ipaddress

from hypothesis import given, settings
from hypothesis import strategies as st

from seon.addresses import canonical
from seon.net.proxy_protocol import FIXED, MAX_REST, SIGNATURE, ProxyProtocolError, Spoken, rest_of, spoken_in

FAST = settings(deadline=None, max_examples=200)
ports = st.integers(0, 65_535)
tlvs = st.lists(
    st.tuples(st.integers(0, 255), st.binary(max_size=60)).map(
        lambda tlv: bytes([tlv[0]]) + len(tlv[1]).to_bytes(2, "big") + tlv[1]
    ),
    max_size=5,
).map(b"".join)
addresses = st.one_of(
    *(
        st.tuples(one, one)
        for one in (st.binary(min_size=size, max_size=size).map(ipaddress.ip_address) for size in (4, 16))
    )
)


def header(source, target, source_port: int, target_port: int, behind: bytes) -> tuple[bytes, bytes]:
    """Write a header as a balancer does: an encoder of its own."""
    rest = b"".join(
        (source.packed, target.packed, source_port.to_bytes(2, "big"), target_port.to_bytes(2, "big"), behind)
    )
    return SIGNATURE + bytes([0x21, 0x11 if source.version == 4 else 0x21]) + len(rest).to_bytes(2, "big"), rest


@FAST
@given(addresses, ports, ports, tlvs)
def test_what_a_balancer_writes_is_read(pair, source_port, target_port, behind) -> None:
    fixed, rest = header(*pair, source_port, target_port, behind)
    assert rest_of(fixed) == len(rest)
    source, target = (str(canonical(str(one))) for one in pair)
    assert spoken_in(fixed, rest) == Spoken(source, source_port, target, target_port)


def outcome(fixed: bytes, rest: bytes) -> Spoken | str | None:
    """Return what is read, or the words of the refusal."""
    try:
        length = rest_of(fixed)
        return spoken_in(fixed, rest[:length])
    except ProxyProtocolError as error:
        return str(error)


@FAST
@given(st.binary(min_size=4, max_size=4), st.binary(max_size=MAX_REST))
def test_any_octets_are_taken_or_refused(tail, rest) -> None:
    read = outcome(SIGNATURE + tail, rest)
    if isinstance(read, Spoken):
        ipaddress.ip_address(read.source)
    elif read is not None:
        assert read.isprintable()
        assert len(read) < 200


@FAST
@given(st.binary(min_size=FIXED, max_size=FIXED).filter(lambda octets: not octets.startswith(SIGNATURE)))
def test_no_other_octets_begin_a_header(fixed) -> None:
    assert "version 2" in outcome(fixed, b"")
