"""CMS by us against CMS by openssl, which knows nothing of our code."""

from pathlib import Path

import pytest

from seon.station.ber import encoded
from seon.station.cms import CmsError, content_signed_by, signed
from seon.station.envelopes import sealed
from session_keys import ISSUER, ROOT, Files, certificate_of, content_by_openssl, key_of, openssl, write

CONTENT = b"signed\n\r\ncontent \x00\xff with line ends\n"
CHAIN = [certificate_of(name) for name in ("ALICE", ISSUER, ROOT)]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "content").write_bytes(CONTENT)
    return write(tmp_path, "ALICE")


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_openssl_and_we_believe_what_we_sign(tmp_path: Path, files: Files, digest: str) -> None:
    signature = signed(CONTENT, CHAIN, key_of("ALICE"), digest)
    (tmp_path / "signature").write_bytes(signature)
    assert content_by_openssl(tmp_path / "signature", files.root) == CONTENT
    assert content_signed_by(CHAIN[0], signature) == CONTENT


def test_the_whole_chain_is_in_a_signature_of_several_kb() -> None:
    signature = signed(CONTENT, CHAIN, key_of("ALICE"), "sha256")
    assert 3_000 < len(signature) < 65_536


def test_nothing_is_signed_with_sha_1() -> None:
    with pytest.raises(CmsError, match="sha1"):
        signed(CONTENT, CHAIN, key_of("ALICE"), "sha1")


FORMS = {
    "as usual": (),
    "in BER, of no length known before": ("-stream",),
    "without attributes": ("-noattr",),
    "without certificates": ("-nocerts",),
    "named by its key": ("-keyid",),
    "with SHA-1": ("-md", "sha1"),
    "with SHA-384": ("-md", "sha384"),
}


@pytest.mark.parametrize("form", FORMS)
def test_we_believe_what_openssl_signs(tmp_path: Path, files: Files, form: str) -> None:
    signature = by_openssl(tmp_path, files, *FORMS[form])
    assert content_signed_by(CHAIN[0], signature) == CONTENT
    with pytest.raises(CmsError, match="expected"):
        content_signed_by(certificate_of("BOB"), signature)


def by_openssl(directory: Path, files: Files, *options: str) -> bytes:
    return openssl(
        directory, "cms", "-sign", "-binary", "-nodetach", *options, "-outform", "DER", "-in", "content",
        "-signer", str(files.certificate), "-inkey", str(files.key),
    )  # fmt: skip


def test_one_of_several_signers_is_enough(tmp_path: Path, files: Files) -> None:
    bob = write(tmp_path, "BOB")
    signature = by_openssl(tmp_path, files, "-signer", str(bob.certificate), "-inkey", str(bob.key))
    assert content_signed_by(CHAIN[0], signature) == content_signed_by(certificate_of("BOB"), signature) == CONTENT


@pytest.mark.parametrize("options", [(), ("-noattr",)])
def test_other_content_under_a_signature_is_not_believed(
    tmp_path: Path, files: Files, options: tuple[str, ...]
) -> None:
    signature = by_openssl(tmp_path, files, *options)
    assert signature.count(CONTENT) == 1
    with pytest.raises(CmsError, match="not signed"):
        content_signed_by(CHAIN[0], signature.replace(CONTENT, CONTENT.swapcase()))


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_no_changed_octet_makes_other_content_believed(digest: str) -> None:
    """Octets outside what is signed may change; then the content is still the one that was signed."""
    signature = signed(CONTENT, CHAIN[:1], key_of("ALICE"), digest)
    refused = 0
    for at in range(len(signature)):
        changed = signature[:at] + bytes([signature[at] ^ 0x21]) + signature[at + 1 :]
        try:
            assert content_signed_by(CHAIN[0], changed) == CONTENT
        except CmsError:
            refused += 1
    assert refused > 256 + len(CONTENT)


@pytest.mark.parametrize("size", range(0, 1_100, 50))
def test_a_signature_that_is_cut_off_is_not_believed(size: int) -> None:
    with pytest.raises(CmsError):
        content_signed_by(CHAIN[0], signed(CONTENT, CHAIN[:1], key_of("ALICE"), "sha256")[:size])


@pytest.mark.parametrize("other", [b"", b"\x30\x00", b"\x05\x00", encoded(0x30, encoded(0x30, b"") * 3)], ids=bytes.hex)
def test_what_is_no_signature_is_an_error(other: bytes) -> None:
    with pytest.raises(CmsError):
        content_signed_by(CHAIN[0], other)


def test_an_envelope_is_no_signature() -> None:
    with pytest.raises(CmsError):
        content_signed_by(CHAIN[0], sealed(bytes(20), CHAIN[0]))
