"""Networks in which an address is looked up at once, however many they are: made once, pure."""

from collections.abc import Iterable

from seon.addresses import Address, AddressError, identifying, read_network

_BITS = {4: 32, 6: 128}


class Networks:
    """A set of networks, such as 192.0.2.0/24. `address in networks` asks as `addresses.is_in` does."""

    __slots__ = ("_by_version",)

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """A network that cannot be read holds nobody."""
        self._by_version: dict[int, dict[int, set[int]]] = {}
        """By version of IP and length of the prefix: the prefixes as numbers."""
        for text in networks:
            try:
                network = read_network(text)
            except AddressError:
                continue
            shift = network.max_prefixlen - network.prefixlen
            prefixes = self._by_version.setdefault(network.version, {}).setdefault(network.prefixlen, set())
            prefixes.add(int(network.network_address) >> shift)

    def __contains__(self, address: str) -> bool:
        """Whether a literal address is in one of the networks. Raises AddressError."""
        wanted = identifying(address)
        return any(
            _prefix(wanted, length) in prefixes for length, prefixes in self._by_version.get(wanted.version, {}).items()
        )

    def __bool__(self) -> bool:
        return bool(self._by_version)


def _prefix(address: Address, length: int) -> int:
    return int(address) >> (_BITS[address.version] - length)
