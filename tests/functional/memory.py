"""What lies in the memory of a live process: read as root from /proc/PID/mem, all mappings it may write to."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

Needles = Mapping[str, bytes]


def found_in(pid: int, needles: Needles) -> set[str]:
    """Return the names of those needles that are somewhere in a process's memory."""
    found: set[str] = set()
    for block in _writable(pid):
        found |= {name for name, needle in needles.items() if name not in found and needle in block}
    return found


def _writable(pid: int) -> Iterator[bytes]:
    """Yield each writable mapping whole. One that goes away meanwhile, or cannot be read, is left out."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            addresses, rights = line.split()[:2]
            if rights.startswith("rw"):
                start, end = (int(address, 16) for address in addresses.split("-"))
                try:
                    memory.seek(start)
                    yield memory.read(end - start)
                except OSError:
                    continue


def key_needles(name: str, pem_file: Path) -> dict[str, bytes]:
    """Return what a private key looks like in memory: its numbers in both byte orders, and the lines of its PEM."""
    pem = pem_file.read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    needles: dict[str, bytes] = {}
    for label, number in _secret_numbers(key).items():
        needles[f"{name} {label}, big-endian"] = number
        needles[f"{name} {label}, little-endian"] = number[::-1]
    body = [line for line in pem.splitlines() if not line.startswith(b"-----") and len(line) > 20]
    # The first line of an EC or Ed25519 key is mostly its algorithm's name: two of the same kind share it.
    needles |= {f"{name} PEM line {number}": line[-40:] for number, line in enumerate(body)}
    return needles


def _secret_numbers(key: object) -> dict[str, bytes]:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {"private number": key.private_numbers().private_value.to_bytes((key.key_size + 7) // 8, "big")}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        parts = {"p": numbers.p, "q": numbers.q, "d": numbers.d}
        return {label: part.to_bytes((part.bit_length() + 7) // 8, "big") for label, part in parts.items()}
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return {"seed": key.private_bytes_raw()}
