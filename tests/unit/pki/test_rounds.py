"""What a file demands is known before it is opened: no number of rounds keeps the program busy."""

import base64
import itertools
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certificates import make
from seon.pki import PkiError
from seon.pki.containers import read_container
from seon.pki.rounds import MOST_ROUNDS, TooDeepError, demands_too_much

OURS = make("ours")
PASSWORD = b"geheim"
KEY = OURS.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def pfx(protection: str, directory: Path) -> bytes:
    """PKCS#12 with 65,537 rounds for the certificate, for the key, and for the MAC."""
    file = directory / "ours.pem"
    file.write_bytes(OURS.pem.encode() + OURS.key_pem)
    command = ["openssl", "pkcs12", "-export", "-in", str(file), "-iter", "65537", "-passout", "pass:geheim"]
    command += ["-certpbe", protection, "-keypbe", protection]
    return subprocess.run(command, capture_output=True, check=True).stdout


def tlv(tag: int, *content: bytes) -> bytes:
    joined = b"".join(content)
    size = len(joined).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + joined


def integer(number: int) -> bytes:
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def encrypted_key(parameters: bytes) -> bytes:
    """An EncryptedPrivateKeyInfo by PBES2; its key derivation is `parameters`."""
    cipher = tlv(0x30, bytes.fromhex("0609608648016503040102"), tlv(4, bytes(16)))  # AES-128-CBC
    algorithm = tlv(0x30, bytes.fromhex("06092a864886f70d01050d"), tlv(0x30, parameters, cipher))
    return tlv(0x30, algorithm, tlv(4, bytes(48)))


def pbkdf2(rounds: int, *more: bytes) -> bytes:
    return tlv(0x30, bytes.fromhex("06092a864886f70d01050c"), tlv(0x30, tlv(4, b"saltsalt"), integer(rounds), *more))


def scrypt(n: int, r: int, p: int) -> bytes:
    name = bytes.fromhex("06092b06010401da47040b")
    return tlv(0x30, name, tlv(0x30, tlv(4, b"saltsalt"), integer(n), integer(r), integer(p)))


def pem(der: bytes) -> bytes:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{text}-----END ENCRYPTED PRIVATE KEY-----\n".encode()


def openssl_key(*options: str) -> bytes:
    """What `openssl pkcs8` makes of our key with these options, in DER."""
    command = ["openssl", "pkcs8", "-topk8", "-inform", "DER", "-outform", "DER", "-passout", "pass:geheim", *options]
    return subprocess.run(command, input=KEY, capture_output=True, check=True).stdout


FEW = bytes.fromhex("0203010001")
"""65,537 as it stands in a file."""
MANY = bytes.fromhex("02037fffff")
"""8,388,607: the most in as many octets. Allowed once in a file, and not twice."""


def pairs_raised(file: bytes) -> list[bytes]:
    """The file once for each pair of places where it says its rounds, with MANY at both."""
    places = [at for at in range(len(file)) if file.startswith(FEW, at)]
    assert len(places) == 3  # for the certificate, for the key, for the MAC
    return [
        file[:one] + MANY + file[one + 5 : other] + MANY + file[other + 5 :]
        for one, other in itertools.combinations(places, 2)
    ]


def in_ber(file: bytes) -> bytes:
    """PKCS#12 with its lengths left open, and its content in pieces, as some programs write it."""
    safe_at = file.index(bytes.fromhex("06092a864886f70d010701a0")) + 11
    octets_at = safe_at + 4
    assert (file[safe_at], file[safe_at + 1], file[octets_at], file[octets_at + 1]) == (0xA0, 0x82, 4, 0x82)
    size = int.from_bytes(file[octets_at + 2 : octets_at + 4], "big")
    content, mac = file[octets_at + 4 : octets_at + 4 + size], file[octets_at + 4 + size :]
    pieces = b"".join(b"\x04" + bytes([len(piece)]) + piece for piece in in_pieces(content, 20))
    data = b"\x30\x80" + file[safe_at - 11 : safe_at] + b"\xa0\x80" + b"\x24\x80" + pieces + bytes(6)
    return b"\x30\x80" + b"\x02\x01\x03" + data + mac + bytes(2)


def in_pieces(octets: bytes, size: int) -> list[bytes]:
    return [octets[at : at + size] for at in range(0, len(octets), size)]


def is_refused_at_once(file: bytes) -> None:
    started = time.process_time()
    with pytest.raises(PkiError, match=f"more than {MOST_ROUNDS:,} rounds"):
        read_container(file, PASSWORD)
    assert time.process_time() - started < 1


@pytest.mark.filterwarnings("ignore:PKCS#12 bundle could not be parsed as DER")
@pytest.mark.parametrize("protection", ["PBE-SHA1-3DES", "AES-256-CBC"])
@pytest.mark.parametrize("form", [bytes, in_ber], ids=["DER", "BER"])
def test_no_place_in_pkcs12_keeps_the_program_busy(
    protection: str, form: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    file = pfx(protection, tmp_path)
    assert read_container(form(file), PASSWORD).keys
    for slow in pairs_raised(file):
        is_refused_at_once(form(slow))


@pytest.mark.parametrize(
    "parameters",
    [
        pbkdf2(2**31 - 1),
        pbkdf2(2**31 - 1, integer(16)),
        pbkdf2(1_000, integer(2**31 - 1)),
        pbkdf2(2**80),
        scrypt(2**30, 8, 1),
        scrypt(2, 8, 2**27),
        scrypt(2, 2**27, 1),
    ],
    ids=["PBKDF2", "with a length", "for a long key", "beyond numbers", "N", "p", "r"],
)
@pytest.mark.parametrize("form", [bytes, pem], ids=["DER", "PEM"])
def test_no_encrypted_key_keeps_the_program_busy(parameters: bytes, form: Callable[[bytes], bytes]) -> None:
    is_refused_at_once(form(encrypted_key(parameters)))


def test_a_slow_key_is_found_behind_nonsense_that_readers_pass_over() -> None:
    nonsense = tlv(0x30, b"\x30\x7f\x02")  # says more than there is
    is_refused_at_once(tlv(0x30, tlv(4, tlv(0x30, nonsense, encrypted_key(pbkdf2(2**31 - 1))))))


@pytest.mark.parametrize(
    "options",
    [
        ["-v1", "PBE-SHA1-3DES"],
        ["-v2", "aes256"],
        ["-iter", "200000"],
        ["-scrypt"],
        ["-scrypt", "-scrypt_N", "8192", "-scrypt_p", "8"],
    ],
    ids=" ".join,
)
def test_keys_of_usual_tools_are_read(options: list[str]) -> None:
    der = openssl_key(*options)
    for file in (der, pem(der)):
        assert read_container(file, PASSWORD).keys


def test_a_key_in_pem_is_judged_by_what_is_opened() -> None:
    slow = pem(encrypted_key(pbkdf2(2**31 - 1))).decode()
    first, body, last = slow.partition("\n")[0], "".join(slow.split("\n")[1:-2]), slow.split("\n")[-2]
    is_refused_at_once(f"{first}\n{' '.join(body)}\n{last}".encode())
    with pytest.raises(PkiError, match="damaged"):
        read_container(f"{first}\nComment: none\n\n{body}\n{last}\n".encode(), PASSWORD)


def test_what_is_nested_without_end_is_refused() -> None:
    for deep in (b"\x30\x80" * 500_000, b"\x24\x80" * 500_000):
        with pytest.raises(TooDeepError):
            demands_too_much(deep)
        with pytest.raises(PkiError, match="nested too deep"):
            read_container(deep)


def test_looking_takes_little_time_whatever_the_file() -> None:
    chance = random.Random(10)
    wide = tlv(0x30, bytes.fromhex("0500") * 250_000)
    nested = b"\x04\x01x" * 100_000
    for _ in range(18):
        nested = tlv(0x30, tlv(0x24, tlv(0x24, nested)))
    for file in (wide, nested, chance.randbytes(500_000)):
        started = time.process_time()
        assert not demands_too_much(file)
        assert time.process_time() - started < 3
    for _ in range(20_000):
        assert not demands_too_much(b"\x30" + chance.randbytes(60))
