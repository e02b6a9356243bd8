"""Sealed challenges: ours are opened by openssl, and theirs by us."""

import base64
import csv
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from certificates import Made, certified
from envelope_maker import CIPHERS, RSA, algorithm, envelope, failures, issuer_and_serial, part, recipient, wrapped
from seon.station import envelopes
from seon.station.ber import OCTET_STRING, SEQUENCE, encoded
from seon.station.cms import CmsError, signed
from seon.station.envelopes import MOST_OCTETS, MOST_RECIPIENTS, cipher_of, opened, sealed
from seon.station.keys import OwnKey
from session_keys import Files, certificate_of, key_of, openssl, write

SECRETS = [bytes(20), b"\n" * 20, b"\r\n" * 10, bytes(range(236, 256))]
ALICE, BOB = certificate_of("ALICE"), certificate_of("BOB")
VECTORS = Path(__file__).parents[2] / "vectors" / "challenges"
with (VECTORS / "challenges.tsv").open(newline="") as file:
    CHALLENGES = {row["name"]: row for row in csv.DictReader(file, delimiter="\t")}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return write(tmp_path, "ALICE")


def opened_by_alice(octets: bytes) -> bytes:
    return opened(octets, ALICE, key_of("ALICE"))


# --- ours -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", SECRETS, ids=bytes.hex)
def test_openssl_opens_what_we_seal(tmp_path: Path, files: Files, octets: bytes) -> None:
    (tmp_path / "envelope").write_bytes(sealed(octets, ALICE))
    assert openssl(
        tmp_path, "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "envelope", "-inkey", str(files.key),
        "-recip", str(files.certificate),
    ) == octets  # fmt: skip


def test_we_open_what_we_seal_and_no_two_are_alike() -> None:
    first, second = sealed(bytes(20), ALICE), sealed(bytes(20), ALICE)
    assert first != second
    assert opened_by_alice(first) == opened_by_alice(second) == bytes(20)
    assert cipher_of(first) == "AES-256-CBC"


# --- theirs -----------------------------------------------------------------------------------------------------------

FORMS = {
    "DER": (),
    "BER, of no length known before": ("-stream", "-indef"),
    "named by its key": ("-keyid",),
}
BY_OPENSSL = {"-des3": "DES-EDE3-CBC", "-aes128": "AES-128-CBC", "-aes192": "AES-192-CBC", "-aes256": "AES-256-CBC"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("option", BY_OPENSSL)
@pytest.mark.parametrize("octets", SECRETS, ids=bytes.hex)
def test_we_open_what_openssl_seals(tmp_path: Path, files: Files, option: str, form: str, octets: bytes) -> None:
    (tmp_path / "secret").write_bytes(octets)
    envelope = openssl(
        tmp_path, "cms", "-encrypt", "-binary", option, *FORMS[form], "-outform", "DER", "-in", "secret",
        str(files.certificate),
    )  # fmt: skip
    assert opened_by_alice(envelope) == octets
    assert cipher_of(envelope) == BY_OPENSSL[option]


@pytest.mark.parametrize("name", CHALLENGES)
def test_what_other_programs_sealed_is_opened(name: str) -> None:
    """The same everywhere, also where there is no openssl."""
    row = CHALLENGES[name]
    own = OwnKey.load(VECTORS / "key.pem", VECTORS / "certificate.pem")
    octets = base64.b64decode(row["envelope"])
    assert cipher_of(octets) == row["cipher"]
    if row["opens"] == "yes":
        assert own.open(octets) == bytes(range(20))
    else:
        with pytest.raises(CmsError):
            own.open(octets)


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("size", [0, 19, 20, 64])
def test_each_cipher_is_opened(cipher: str, size: int) -> None:
    octets = envelope(bytes(size), ALICE, cipher)
    assert opened_by_alice(octets) == bytes(size)
    assert cipher_of(octets) == cipher


def test_strings_in_pieces_are_one() -> None:
    """BER may cut each OCTET STRING, also those inside others."""

    def pieces(tag: int, octets: bytes) -> bytes:
        cut = (encoded(OCTET_STRING, octets[at : at + 100]) for at in range(0, len(octets), 100))
        return bytes((tag | 0x20, 0x80)) + encoded(0x24, b"".join(cut)) + b"\0\0"

    identifier = x509.SubjectKeyIdentifier.from_public_key(ALICE.public_key()).digest

    def recipients(key: bytes) -> bytes:
        block = pieces(OCTET_STRING, wrapped(key, ALICE))
        return part(SEQUENCE, b"\2\1\2", pieces(0x80, identifier), algorithm(RSA), block)

    assert opened_by_alice(envelope(b"secret", ALICE, recipients=recipients)) == b"secret"


# --- for whom ---------------------------------------------------------------------------------------------------------


def test_ours_is_found_among_others() -> None:
    def recipients(key: bytes) -> bytes:
        others = recipient(BOB, wrapped(key, BOB)) * (MOST_RECIPIENTS - 2)
        return encoded(0xA2, b"a password") + others + recipient(ALICE, wrapped(key, ALICE))

    assert opened_by_alice(envelope(b"secret", ALICE, recipients=recipients)) == b"secret"


def test_a_name_may_be_written_with_another_type_of_string() -> None:
    name = issuer_and_serial(ALICE)
    assert name.count(b"\x0c") >= 3
    assert name.count(b"\x13\x02DE") == 1
    other = name.replace(b"\x13\x02DE", b"\x0c\x02DE")

    def recipients(key: bytes) -> bytes:
        return recipient(ALICE, wrapped(key, ALICE), name=other)

    assert opened_by_alice(envelope(b"secret", ALICE, recipients=recipients)) == b"secret"


@pytest.mark.parametrize("change", [(b"DE", b"FR"), (b"\x02\x14", b"\x04\x14"), (b"\x55\x04\x06", b"\x55\x04\x07")])
def test_a_name_that_is_another_is_not_ours(change: tuple[bytes, bytes]) -> None:
    serial = 1 << 157  # 20 octets
    certificate = made("ALICE", serial)
    name = issuer_and_serial(certificate)
    assert change[0] in name
    other = name.replace(*change)

    def recipients(key: bytes) -> bytes:
        return recipient(certificate, wrapped(key, certificate), name=other)

    with pytest.raises(CmsError):
        opened(envelope(b"secret", certificate, recipients=recipients), certificate, key_of("ALICE"))
    assert opened(envelope(b"secret", certificate), certificate, key_of("ALICE")) == b"secret"


def test_a_certificate_that_does_not_say_its_keys_identifier_is_found_by_the_usual_one() -> None:
    certificate = made("ALICE", 7)
    identifier = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest

    def recipients(key: bytes) -> bytes:
        return recipient(certificate, wrapped(key, certificate), name=encoded(0x80, identifier))

    octets = envelope(b"secret", certificate, recipients=recipients)
    assert opened(octets, certificate, key_of("ALICE")) == b"secret"
    with pytest.raises(CmsError):
        opened(octets, BOB, key_of("BOB"))


def made(name: str, serial: int) -> x509.Certificate:
    """Return a certificate of this name's key, without extensions."""
    return certified(key_of(name).public_key(), ALICE.subject, Made(ALICE, key_of(name)), serial=serial)


# --- OAEP -------------------------------------------------------------------------------------------------------------

OAEP_IDENTIFIER, MGF, LABEL = (bytes.fromhex(f"2a864886f70d01010{end}") for end in (7, 8, 9))
SHA_1, SHA_256 = bytes.fromhex("2b0e03021a"), bytes.fromhex("608648016503040201")


def with_oaep(*parameters: bytes, hashed: hashes.HashAlgorithm, masked: hashes.HashAlgorithm) -> bytes:
    def recipients(key: bytes) -> bytes:
        public = ALICE.public_key()
        assert isinstance(public, RSAPublicKey)
        block = public.encrypt(key, OAEP(MGF1(masked), hashed, None))
        return recipient(ALICE, block, transport=algorithm(OAEP_IDENTIFIER, *parameters))

    return envelope(b"secret", ALICE, recipients=recipients)


def test_oaep_is_sha_1_where_it_does_not_say_otherwise() -> None:
    for parameters in ((), (encoded(SEQUENCE, b""),)):
        octets = with_oaep(*parameters, hashed=hashes.SHA1(), masked=hashes.SHA1())
        assert opened_by_alice(octets) == b"secret"


def test_oaep_may_hash_and_mask_in_two_ways() -> None:
    hashed, masked = encoded(0xA0, algorithm(SHA_256)), encoded(0xA1, algorithm(MGF, algorithm(SHA_1)))
    octets = with_oaep(part(SEQUENCE, hashed, masked), hashed=hashes.SHA256(), masked=hashes.SHA1())
    assert opened_by_alice(octets) == b"secret"


@pytest.mark.parametrize(
    "field",
    [
        encoded(0xA0, algorithm(MGF)),
        encoded(0xA1, algorithm(LABEL, algorithm(SHA_1))),
        encoded(0xA1, algorithm(MGF, algorithm(LABEL))),
        encoded(0xA1, algorithm(MGF)),
        encoded(0xA2, algorithm(LABEL, encoded(OCTET_STRING, b"label"))),
    ],
    ids=bytes.hex,
)
def test_other_kinds_of_oaep_are_not_known(field: bytes) -> None:
    octets = with_oaep(encoded(SEQUENCE, field), hashed=hashes.SHA1(), masked=hashes.SHA1())
    with pytest.raises(CmsError):
        opened_by_alice(octets)


# --- what is wrong ----------------------------------------------------------------------------------------------------

FAILURES = failures(ALICE, BOB)


def test_what_cannot_be_opened_is_an_error_that_does_not_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelopes.secrets, "token_bytes", bytes)  # else 1 of 256 keys at random makes good padding
    cases = [octets for octets, _ in FAILURES.values()]
    texts = set()
    for case in [*cases, sealed(bytes(20), BOB), signed(bytes(20), [ALICE], key_of("ALICE"), "sha256")]:
        with pytest.raises(CmsError) as error:
            opened_by_alice(case)
        assert error.value.__cause__ is None
        texts.add((str(error.value), error.value.args))
    assert len(texts) == 1


@pytest.mark.parametrize("failure", FAILURES)
def test_the_log_can_say_with_what_it_was_sealed(failure: str) -> None:
    octets, cipher = FAILURES[failure]
    assert cipher_of(octets) == cipher


def test_a_cipher_that_is_not_known_is_told_in_numbers_that_do_not_go_on_for_ever() -> None:
    assert cipher_of(envelope(b"", ALICE, identifier=b"\x2a\x03")) == "1.2.3"
    assert len(cipher_of(envelope(b"", ALICE, identifier=b"\x2a" + b"\x81\x00" * 5_000))) < 80
    assert cipher_of(envelope(b"", ALICE, identifier=b"\x80")) == ""


class Recipient:
    """A private key whose RSA says what a test wants."""

    def __init__(self, answer: bytes | Exception) -> None:
        self._answer = answer

    def decrypt(self, _block: bytes, _padding: object) -> bytes:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize("answer", [ValueError("bad padding"), b"", bytes(16), bytes(32)], ids=repr)
def test_where_rsa_gives_no_key_one_at_random_takes_its_place(
    answer: bytes | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown by a random one that is the right one: all goes on as with a key that came."""
    key: Any = Recipient(answer)
    octets = envelope(b"secret", ALICE)
    monkeypatch.setattr(envelopes.secrets, "token_bytes", lambda size: bytes(range(size)))
    assert opened(octets, ALICE, key) == b"secret"
    monkeypatch.undo()
    assert opened_or_error(octets, key) != b"secret"


def opened_or_error(octets: bytes, key: Any) -> bytes:
    try:
        return opened(octets, ALICE, key)
    except CmsError:
        return b"an error"


def test_a_key_that_came_is_used() -> None:
    key: Any = Recipient(bytes(range(24)))
    assert opened(envelope(b"secret", ALICE), ALICE, key) == b"secret"


def test_certificates_may_come_with_it_up_to_a_bound() -> None:
    most = MOST_OCTETS - len(envelope(b"secret", ALICE)) - 8
    for size in (5_000, most):
        assert opened_by_alice(envelope(b"secret", ALICE, before=encoded(0xA0, bytes(size)))) == b"secret"
    assert opened_by_alice(envelope(b"secret", ALICE, behind=encoded(0xA1, b""))) == b"secret"
    with pytest.raises(CmsError):
        opened_by_alice(envelope(b"secret", ALICE, before=encoded(0xA0, bytes(most + 100))))


@pytest.mark.parametrize("cipher", CIPHERS)
def test_no_changed_octet_is_more_than_an_error_or_other_content(cipher: str) -> None:
    octets = envelope(bytes(20), ALICE, cipher)
    for at in range(len(octets)):
        changed = octets[:at] + bytes((octets[at] ^ 0x21,)) + octets[at + 1 :]
        assert isinstance(opened_or_error(changed, key_of("ALICE")), bytes)
        assert len(cipher_of(changed)) < 80
