"""Addresses and hosts: one spelling for each (mission A8), and what a person may enter as one.

An address is a literal IP address. A host is a literal IP address or a DNS name. What `read_host` and the functions
beside it say is checked where something is entered, and only there: `canonical` is for what the kernel or the
configuration in force says.
"""

import functools
import ipaddress
import re
import socket
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MAPPED_BITS = 96
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(.*))?", re.DOTALL)
_PORT = re.compile("[0-9]{1,5}")
_NUMBER = re.compile("[0-9]+|0[xX][0-9a-fA-F]*")
_LABEL = re.compile("[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_BROADCAST = ipaddress.IPv4Address("255.255.255.255")
_LONGEST_NAME = 253


class AddressError(ValueError):
    """An address or host as a person wrote it is none; one line says what is wrong and what to enter."""


def canonical(text: str) -> Address:
    """Return the address a text names, without zone; an IPv4-mapped IPv6 address as IPv4. Raises AddressError."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        raise AddressError(f"{_quoted(text)} is not an IP address") from None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def literal(text: str) -> Address | None:
    """Return the address that a text is, in brackets or not; None where it is a name, or anything else."""
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def identifying(text: str) -> Address:
    """Return an address as it identifies a listener or client: `::1` counts as 127.0.0.1 (mission A8)."""
    address = canonical(text)
    return ipaddress.IPv4Address("127.0.0.1") if address == ipaddress.IPv6Address("::1") else address


def read_network(text: str) -> Network:
    """Return the network that a person wrote, `10.0.0.0/24` or one address, as `identifying` spells addresses.

    Raises AddressError.
    """
    text = text.strip()
    try:
        network = ipaddress.ip_network(text, strict=False)
        entered = ipaddress.ip_interface(text).ip
    except ValueError:
        raise AddressError(f"{_quoted(text)} is not an IP address or network: such as 10.0.0.0/24") from None
    if entered != network.network_address:
        raise AddressError(
            f"{_quoted(text)} is not an IP address or network: no bit behind the prefix may be set; "
            f"enter {network}, or {entered} alone"
        )
    return _identifying_network(network)


def _identifying_network(network: Network) -> Network:
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped and network.prefixlen >= _MAPPED_BITS:
        return ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
    return ipaddress.ip_network("127.0.0.1") if str(network) == "::1/128" else network


def is_in(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of these networks. A network that cannot be read holds nobody.

    Raises AddressError for an address that is none.
    """
    wanted = identifying(address)
    for text in networks:
        try:
            network = _network_once(text)
        except AddressError:
            continue
        if wanted.version == network.version and wanted in network:
            return True
    return False


@functools.lru_cache(maxsize=16_384)  # a partner may have 100, and they are asked for each of its connections
def _network_once(text: str) -> Network:
    return read_network(text)


@functools.lru_cache(maxsize=4_096)  # in a flood it is asked several times for each connection
def neighbourhood(text: str) -> str:
    """Return whom an address is counted with: itself, or its /64 where one subscriber has 2^64 of them (IPv6)."""
    address = canonical(text)
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((address, 64), strict=False))


def shown(host: str, port: int) -> str:
    """Return `host:port`, an IPv6 address in brackets."""
    return f"{in_url(host)}:{port}"


def in_url(host: str) -> str:
    """Return a host as it stands in URLs and in Host headers: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def family_of(address: str) -> socket.AddressFamily:
    """Return the kind of socket that a literal address needs; IPv4 for ""."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


# --- what is entered: blanks around it and brackets of an IPv6 address do no harm, so they are taken away -------------


def read_host(text: str) -> str:
    """Return a host that can be dialled, in its one form: a literal address, or a name without its final dot.

    Raises AddressError.
    """
    text = _alone(text)
    # Pinned certificates and not names admit, so nothing is lost with the dot; in a certificate it would be wrong.
    name = text.removesuffix(".")
    if ":" in name or _ends_in_a_number(name):
        return str(_of_one_host(_read_literal(name)))
    if not name.isascii():
        raise AddressError(f"{_quoted(text)} has characters beyond ASCII: enter an international name as xn--...")
    if len(name) > _LONGEST_NAME:
        raise AddressError(f"{_quoted(text)} is too long: a host name has at most {_LONGEST_NAME} characters")
    if not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise AddressError(
            f"{_quoted(text)} is not a host name: between its dots it has 1 to 63 letters, digits, '-' and '_', "
            "with no '-' at either end"
        )
    return name


def listening_address(text: str) -> str:
    """Return a literal address to listen on, in its one form. Raises AddressError."""
    address = _read_address(text)
    # 0.0.0.0 and :: are good here: every address of this host.
    return str(address if address.is_unspecified else _of_one_host(address))


def source_address(text: str) -> str:
    """Return a literal address that connections come from, in its one form. Raises AddressError."""
    # 0.0.0.0 and :: are no choice; whoever leaves it to the system enters nothing.
    return str(_of_one_host(_read_address(text)))


def client_address(text: str) -> str:
    """Return the literal address by which a client is known, as `identifying` spells it. Raises AddressError."""
    address = _read_address(text)
    # Nobody dials it, it is compared with where calls come from: a link-local address can be that.
    return str(identifying(str(address if address.is_link_local else _of_one_host(address))))


def split_host_port(text: str, default_port: int | None, *, least_port: int = 1) -> tuple[str, int]:
    """Split `host`, `host:port`, `:port`, `[v6]` and `[v6]:port`; a bare IPv6 address has no port.

    Returns host ("" where none is given) and port; only an IPv6 address was looked at, a name is for `read_host`.
    Raises AddressError, also where no port is given and there is no default.
    """
    text = text.strip()
    _refuse_url(text)
    match = _BRACKETED.fullmatch(text)
    if match:
        host, port = str(_read_address(f"[{match[1]}]")), match[2]
    elif text.count(":") > 1:
        host, port = str(_read_address(text)), None
    else:
        host, _, port = text.partition(":")
    if not port:
        if default_port is None:
            raise AddressError(f"{_quoted(text)} has no port")
        return host, default_port
    if not _PORT.fullmatch(port) or not least_port <= int(port) <= 65_535:
        raise AddressError(f"{_quoted(port)} is not a TCP port: {least_port} to 65535")
    return host, int(port)


def read_target(text: str, default_port: int | None) -> tuple[str, int]:
    """Return host and port to dial from `host` or `host:port`. Raises AddressError."""
    host, port = split_host_port(text, default_port)
    return read_host(host), port


def read_listener(text: str, default_port: int | None, *, least_port: int = 1) -> tuple[str, int]:
    """Return where to listen, a literal address or "" for every one, and the port. Raises AddressError."""
    host, port = split_host_port(text, default_port, least_port=least_port)
    return (listening_address(host) if host else ""), port


def _quoted(text: str) -> str:
    """Return what was entered for a message: printable, in one line, and not too long."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


def _refuse_url(text: str) -> None:
    # What stands before an @ may hold a password: it is not repeated.
    rest = _quoted(f"...{text.rpartition('@')[2]}" if "@" in text else text)
    if "://" in text:
        raise AddressError(f"{rest} is a URL: enter the host alone, without what stands before and behind it")
    if "@" in text:
        raise AddressError(f"{rest} had a user before its '@': enter the host alone")


def _alone(text: str) -> str:
    """Return a text without blanks and brackets around it. Raises AddressError where more than a host is entered."""
    text = text.strip()
    if not text:
        raise AddressError("nothing is entered")
    _refuse_url(text)
    if "/" in text:
        raise AddressError(f"{_quoted(text)} has a '/': enter one host or address, no path and no network")
    match = _BRACKETED.fullmatch(text)
    if match:
        inner, port = match[1], match[2]
        if ":" not in inner:
            raise AddressError(f"{_quoted(text)} has brackets, which are for IPv6 addresses only")
    else:
        inner, port = text.split(":") if text.count(":") == 1 else (text, None)
    if port is not None:
        raise AddressError(
            f"{_quoted(text)} has a port: enter {_quoted(inner)} alone; "
            f"where a port is needed, it has a field or an option of its own (port {_quoted(port)})"
        )
    if "%" in inner:
        raise AddressError(
            f"{_quoted(text)} has a zone (after '%'), which means something on one host only: "
            "enter an address without one, not a link-local one"
        )
    return inner


def _ends_in_a_number(name: str) -> bool:
    """Whether a text is meant as an IPv4 address: resolvers read 10.1.2 or 0x7f.1 as one, so neither is a name."""
    return bool(_NUMBER.fullmatch(name.rpartition(".")[2]))


def _read_address(text: str) -> Address:
    inner = _alone(text)
    if ":" not in inner and not _ends_in_a_number(inner):
        raise AddressError(f"{_quoted(text)} is not an IP address: a literal IPv4 or IPv6 address is needed")
    return _read_literal(inner)


def _read_literal(text: str) -> Address:
    """Return the address that a text is meant as. Raises AddressError that says what is wrong with it."""
    try:
        return canonical(text)
    except AddressError:
        pass
    if ":" in text:
        raise AddressError(f"{_quoted(text)} is not an IPv6 address")
    parts = text.split(".")
    if len(parts) != 4:
        reason = f"an IPv4 address has four numbers, this has {len(parts)}"
    elif any(len(part) > 1 and part.startswith("0") for part in parts):
        reason = "write its numbers in decimal, without zeros before them"
    else:
        reason = "each of its four numbers is 0 to 255"
    raise AddressError(f"{_quoted(text)} is not an IP address: {reason} (and a name does not end in a number)")


def _of_one_host(address: Address) -> Address:
    """Return an address that one host can have for itself. Raises AddressError for any other."""
    if address.is_unspecified:
        raise AddressError(f"{address} means every address of a host: enter one of them")
    if address.is_multicast or address == _BROADCAST:
        raise AddressError(f"{address} is the address of many hosts (multicast or broadcast): enter that of one")
    if address.version == 6 and address.is_link_local:
        raise AddressError(f"{address} is link-local: it needs a zone, and zones are not possible; enter another one")
    return address


def name_for_sni(host: str) -> str:
    """Return the name that a TLS client says it wants to reach: a literal address is none, so "" for it."""
    try:
        canonical(host)
    except AddressError:
        return host
    return ""
