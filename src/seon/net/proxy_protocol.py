"""The PROXY protocol, version 2: for whom a load balancer speaks. A pure codec; `net.balancers` reads it.

Source: "The PROXY protocol, versions 1 & 2" (HAProxy, 2020), section 2.2. Version 1 is refused: it is text whose end
has to be searched for. Nothing of a header gets into a text but numbers.
"""

import ipaddress
import struct
from dataclasses import dataclass

from seon.addresses import canonical

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
FIXED = 16
"""Octets before the addresses: signature, version and command, family and transport, length of what follows."""
MAX_REST = 1_024
"""Octets of addresses and TLVs that are taken: balancers send up to about 300, with a client certificate's name."""

_VERSION_1 = b"PROXY "
_LOCAL, _PROXY = 0x20, 0x21
_TLV_HEADER = 3
_WHAT = {0x00: "no addresses", 0x31: "a Unix socket", 0x32: "a Unix socket", 0x12: "UDP", 0x22: "UDP"}
_FORMS = {0x11: struct.Struct("!4s4sHH"), 0x21: struct.Struct("!16s16sHH")}
"""TCP over IPv4 and over IPv6: source, destination, their ports."""


class ProxyProtocolError(ValueError):
    """What a balancer sent is no header that can be used; one line says why."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """For whom the balancer speaks: literal addresses in their one spelling (IPv4-mapped is IPv4), TCP ports."""

    source: str
    source_port: int
    target: str
    target_port: int


def rest_of(fixed: bytes) -> int:
    """Return how many octets follow the first FIXED ones, at most MAX_REST. Raises ProxyProtocolError."""
    if why := not_begun(fixed):
        raise ProxyProtocolError(why)
    if fixed[12] not in (_LOCAL, _PROXY):
        version, command = fixed[12] >> 4, fixed[12] & 0x0F
        what = f"version {version}" if version != 2 else f"command {command}"
        raise ProxyProtocolError(f"the PROXY protocol has no {what} here (version 2, LOCAL and PROXY are known)")
    length = int.from_bytes(fixed[14:FIXED], "big")
    if length > MAX_REST:
        raise ProxyProtocolError(f"the PROXY protocol's header is too long ({length} octets, at most {MAX_REST})")
    return length


def not_begun(begin: bytes) -> str:
    """Return why the first octets, as many as have come, begin no header; "" while they may."""
    if SIGNATURE.startswith(begin[: len(SIGNATURE)]):
        return ""
    if begin.startswith(_VERSION_1):
        return "the load balancer speaks version 1 of the PROXY protocol: switch it to version 2 (send-proxy-v2)"
    return "a load balancer must begin with the PROXY protocol, version 2, and this connection does not (send-proxy-v2)"


def spoken_in(fixed: bytes, rest: bytes) -> Spoken | None:
    """Return for whom a balancer speaks: None where it is itself (LOCAL, a health check). Raises ProxyProtocolError.

    `fixed`: the first FIXED octets; `rest`: all that follow, as many as `rest_of` says.
    """
    if rest_of(fixed) != len(rest):
        raise ProxyProtocolError("the PROXY protocol's header is cut off")
    if fixed[12] == _LOCAL:  # "the receiver must accept this connection as valid and must discard the protocol block"
        return None
    form = _FORMS.get(fixed[13])
    if form is None:
        what = _WHAT.get(fixed[13], f"the unknown family {fixed[13]:#04x}")
        raise ProxyProtocolError(f"the PROXY protocol names {what}, where the partner's TCP address is needed")
    if len(rest) < form.size:
        raise ProxyProtocolError("the PROXY protocol's header is too short for its addresses")
    _check_tlvs(rest[form.size :])
    source, target, source_port, target_port = form.unpack_from(rest)
    return Spoken(_address(source), source_port, _address(target), target_port)


def _address(octets: bytes) -> str:
    return str(canonical(str(ipaddress.ip_address(octets))))


def _check_tlvs(octets: bytes) -> None:
    """Walk over type, length and value of each; what they say is not needed. Raises ProxyProtocolError."""
    at = 0
    while at < len(octets):
        if at + _TLV_HEADER > len(octets):
            raise ProxyProtocolError("the PROXY protocol's header ends inside a TLV")
        at += _TLV_HEADER + int.from_bytes(octets[at + 1 : at + _TLV_HEADER], "big")
    if at != len(octets):
        raise ProxyProtocolError("the PROXY protocol's header ends inside a TLV")
