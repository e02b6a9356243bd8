"""Whatever file a partner sends, its certificate is pinned, shown, written out and removed, or refused in words."""

from pathlib import Path

import msgspec
import pytest

from certificates import make
from odd_certificates import CASES, NO_CA, Odd, extension, sequence, tlv
from seon import pki
from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.partners.actions import add_certificates, add_partner, import_partners, remove_certificate
from seon.backend.partners.importing import record_of, stored_partners
from seon.backend.partners.models import Partner, PartnerCertificate
from seon.backend.partners.records import as_csv, as_json, read_records
from seon.backend.partners.telling import certificate_data, certificate_of, data_of, lines_of
from seon.backend.queue.expiry import partner_endings
from seon.backend.trust.models import OwnCertificate
from seon.backend.trust.own_actions import Addition, add_certificate
from seon.pki import peer_certificate
from seon.pki.containers import read_container

FILES = Path(__file__).parents[2] / "vectors" / "certificates"
BY = owner()
UNUSABLE = {
    "explicit curve": "on a curve that TLS cannot use (explicit parameters)",
    "unknown curve": "on a curve that TLS cannot use (1.2.3.4)",
    "unknown key": "of a kind that TLS cannot use (unknown)",
    "no key at all": "its key is damaged",
}


def pinned(octets: bytes, *, force: bool = False) -> PartnerCertificate:
    add_partner(BY, "acme", "Acme", [], [], host="")
    (row,) = add_certificates(BY, "acme", [octets], force=force)
    return row


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("printable-ampersand.pem", "CN=EX&M,C=DE"),
        ("printable-underscore.pem", "CN=my_host,C=DE"),
        ("critical-false.pem", "CN=test"),
        ("t61-umlauts.pem", "CN=zulieferer-größe,O=Müller Käfig GmbH,C=DE"),
        ("empty-rdn.pem", "(empty)"),
        ("chain-root-first.pem", "serialNumber=O0013000000SUPP,CN=oftp.supplier.example"),
        ("container-utf16le.pem", "CN=f4,C=DE"),
        ("container-bare-base64.cer", "CN=f16,C=DE"),
        ("container-pkcs7.pem", "CN=f20,C=DE"),
        ("brainpoolP256r1.pem", "CN=test"),
        ("own-full-chain.pem", "serialNumber=O0013000000SUPP,CN=oftp.supplier.example"),
    ],
)
def test_a_certificate_is_pinned_and_told_from_each_file(name: str, subject: str) -> None:
    row = pinned((FILES / name).read_bytes())
    assert (row.subject, certificate_of(row).subject) == (subject, subject)
    told = "\n".join(lines_of(Partner.objects.get()))
    assert f"{subject}, issuer " in told
    assert f"SHA-256 {row.fingerprint}" in told
    assert data_of(Partner.objects.get())["certificates"] == [row.fingerprint]


@pytest.mark.parametrize("name", sorted(CASES.keys() - UNUSABLE.keys()))
def test_what_openssl_takes_is_pinned_shown_written_out_and_removed(name: str) -> None:
    row = pinned(CASES[name].der, force=True)
    certificate = peer_certificate(CASES[name].der)
    assert row.fingerprint == certificate.fingerprint
    assert certificate_data(certificate_of(row))["sha256"] == certificate.fingerprint
    assert "\n".join(lines_of(Partner.objects.get())).replace("\n", "").isprintable()
    (ending,) = partner_endings()
    assert ending.until.timestamp() == certificate.not_after
    remove_certificate(BY, "acme", certificate.fingerprint)


@pytest.mark.parametrize("name", ["ampersand", "critical FALSE", "T61 umlauts", "year 0", "10,000 names"])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_written_out_is_read_again(name: str, form: str) -> None:
    fingerprint = pinned(CASES[name].der).fingerprint
    records = [record_of(one, settings=form == "json") for one in stored_partners()]
    written = as_csv(records).encode() if form == "csv" else msgspec.json.encode(as_json(records))
    remove_certificate(BY, "acme", fingerprint)
    import_partners(BY, read_records(written), force=True)
    assert PartnerCertificate.objects.get().fingerprint == fingerprint


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_key_that_no_handshake_can_use_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(OperatorError) as refused:
        pinned(CASES[name].der, force=True)
    assert UNUSABLE[name] in str(refused.value)
    assert peer_certificate(CASES[name].der).fingerprint in str(refused.value)


def test_extensions_that_cannot_be_read_are_said_to_be_so() -> None:
    pinned(CASES["an extension twice"].der)
    assert "its extensions cannot be read" in "\n".join(lines_of(Partner.objects.get()))


def test_the_leaf_is_found_below_a_ca_that_breaks_a_rule() -> None:
    subject = sequence(tlv(0x31, sequence(tlv(6, b"\x55\x04\x03"), tlv(19, b"A&B"))))
    ca = Odd(subject=subject, issuer=subject, extensions=[extension(19, sequence(b"\x01\x01\xff"))])
    leaf = Odd(issuer=subject, extensions=[NO_CA])
    chain = "".join(peer_certificate(odd.der).pem for odd in (ca, leaf)).encode()
    assert pinned(chain).subject == "CN=odd"


def test_a_file_with_a_password_is_said_to_need_none() -> None:
    with pytest.raises(OperatorError, match=r"protected by a password, .*openssl pkcs12 -legacy -nokeys"):
        pinned((FILES / "container-pkcs12-rc2.p12").read_bytes())


def test_a_key_beside_a_certificate_is_passed_over_and_alone_is_said_to_be_one() -> None:
    made = make("Acme")
    with pytest.raises(OperatorError, match="it is a private key; the certificate is needed"):
        pinned(made.key_pem)
    Partner.objects.all().delete()
    assert pinned(made.key_pem + made.pem.encode()).fingerprint == made.fingerprint


def own(*names: str, password: bytes | None = None, use: bool = False):
    files = [(FILES / name).read_bytes() for name in names]
    return add_certificate(BY, Addition(files=files, password=password, use=use))


def test_our_own_without_its_intermediate_is_said_to_be_so_and_the_full_chain_takes_its_place() -> None:
    added = own("own-without-intermediate.pem", "own-without-intermediate.key")
    assert "it comes without its intermediate: the certificate of CN=Issuing CA" in added.findings[0].text
    with pytest.raises(OperatorError, match="comes without its intermediate"):
        own("own-without-intermediate.pem", "own-without-intermediate.key", use=True)
    own("own-full-chain.pem", use=True)
    stored = OwnCertificate.objects.get()
    assert stored.in_use
    assert len(pki.certificates_in_pem(stored.chain)) > 1


def test_our_own_is_read_from_the_pkcs12_of_an_old_tool() -> None:
    assert own("container-pkcs12-rc2.p12", password=b"geheim").is_new


def test_our_own_on_a_brainpool_curve_is_stored() -> None:
    assert own("brainpoolP256r1.pem", "brainpoolP256r1.key").findings[0].code == "curve"


def test_our_own_that_breaks_a_rule_is_refused_with_the_rule_and_its_sha256() -> None:
    octets = (FILES / "printable-ampersand.pem").read_bytes()
    (held,) = read_container(octets).certificates
    with pytest.raises(OperatorError, match=rf"SHA-256 {held.fingerprint}, is not encoded.*such as & or _.*ask its is"):
        own("printable-ampersand.pem", "rsa.key")
