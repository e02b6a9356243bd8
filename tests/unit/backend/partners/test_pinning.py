import itertools
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

import certificates
from certificates import Made
from seon.backend.errors import OperatorError
from seon.backend.partners.pinning import certificate_to_pin, shown

NOW = datetime.now(UTC)
ROOT = certificates.make("Root", ca=True)
MIDDLE = certificates.make("Middle", issuer=ROOT, ca=True)
LEAF = certificates.make("Partner", issuer=MIDDLE)


def file_of(*made: Made) -> bytes:
    return "".join(one.pem for one in made).encode()


def usage(*words: str) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in words for name in names})


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
def test_the_leaf_of_a_bundle_is_taken_in_whatever_order(order: tuple[int, ...]) -> None:
    bundle = ROOT, MIDDLE, LEAF
    assert certificate_to_pin(file_of(*(bundle[place] for place in order)), NOW).fingerprint == LEAF.fingerprint


def test_the_leaf_is_found_beside_a_ca_that_issued_none_of_it_and_where_it_stands_twice() -> None:
    stranger = certificates.make("Another CA", ca=True)
    assert certificate_to_pin(file_of(stranger, LEAF, MIDDLE, LEAF), NOW).fingerprint == LEAF.fingerprint


def test_two_leafs_in_a_file_are_refused_and_both_are_named() -> None:
    second = certificates.make("Second", issuer=MIDDLE)
    with pytest.raises(OperatorError, match=r"3 certificates, .*CN=Partner; CN=Second"):
        certificate_to_pin(file_of(LEAF, second, MIDDLE), NOW)


def test_a_file_of_cas_that_issued_each_other_has_no_leaf() -> None:
    one, two = certificates.make("One", ca=True), certificates.make("Two", ca=True)
    crossed = (
        certificates.make("One", one.key, issuer=two, ca=True),
        certificates.make("Two", two.key, issuer=one, ca=True),
    )
    with pytest.raises(OperatorError, match="not clear which one"):
        certificate_to_pin(file_of(*crossed), NOW)


@pytest.mark.parametrize("made", [ROOT, MIDDLE], ids=["self-signed", "issued"])
def test_what_calls_itself_a_ca_and_says_no_more_is_pinned_by_force_only(made: Made) -> None:
    with pytest.raises(OperatorError, match=f"calls itself a CA .*{made.fingerprint}, use --force"):
        certificate_to_pin(file_of(made), NOW)
    assert certificate_to_pin(file_of(made), NOW, force=True).fingerprint == made.fingerprint


@pytest.mark.parametrize(
    ("words", "purposes", "issued", "possible"),
    [
        (("key_cert_sign", "crl_sign"), [], False, False),
        (("key_cert_sign", "crl_sign"), [], True, False),
        (("key_cert_sign", "digital_signature"), [], True, False),
        (("key_cert_sign", "digital_signature"), [], False, True),
        (("key_cert_sign", "digital_signature"), [ExtendedKeyUsageOID.CLIENT_AUTH], True, True),
        (("key_cert_sign",), [ExtendedKeyUsageOID.OCSP_SIGNING], False, False),
        (("digital_signature",), [], True, True),
    ],
)
def test_a_certificate_that_is_for_issuing_only_is_never_pinned(
    words: tuple[str, ...], purposes: list[x509.ObjectIdentifier], issued: bool, possible: bool
) -> None:
    extensions: list[tuple[x509.ExtensionType, bool]] = [(usage(*words), True)]
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    made = certificates.make("CA", ca=True, issuer=ROOT if issued else None, extensions=extensions)
    if possible:
        assert certificate_to_pin(file_of(made), NOW, force=True).fingerprint == made.fingerprint
    else:
        with pytest.raises(OperatorError, match="is the certificate of a CA"):
            certificate_to_pin(file_of(made), NOW, force=True)
    with pytest.raises(OperatorError, match="CA"):
        certificate_to_pin(file_of(made), NOW)


def test_an_expired_certificate_is_pinned_by_force_only() -> None:
    late = NOW + timedelta(days=31)
    with pytest.raises(OperatorError, match=r"CN=Partner expired on .*use --force"):
        certificate_to_pin(file_of(LEAF), late)
    assert certificate_to_pin(file_of(LEAF), late, force=True).fingerprint == LEAF.fingerprint


def test_what_was_pinned_is_said() -> None:
    text = shown(LEAF.certificate).text
    for part in ("CN=Partner, issuer CN=Middle", f"serial {LEAF.certificate.serial_number:x}", LEAF.fingerprint):
        assert part in text
    assert f"to {LEAF.certificate.not_valid_after_utc:%Y-%m-%d}" in text
