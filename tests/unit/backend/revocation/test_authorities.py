import ssl
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from placing import CA, place

import certificates
import odd_certificates
from seon.backend.anchors.models import Anchor
from seon.backend.revocation.authorities import anchor_certificates, identity_of, known_authorities, peer_in
from seon.pki import PkiError


def test_a_ca_is_known_by_its_name_and_its_key() -> None:
    renewed = certificates.make("CA", CA.key, ca=True, days=90)
    assert identity_of(peer_in(renewed.pem)) == identity_of(peer_in(CA.pem))
    for other in (certificates.make("CA", ca=True), certificates.make("Other", CA.key, ca=True)):
        assert identity_of(peer_in(other.pem)) != identity_of(peer_in(CA.pem))


def test_one_whose_name_breaks_the_rules_is_a_ca_like_any_other() -> None:
    odd = odd_certificates.named(odd_certificates.PRINTABLE, b"Smith & Sons").der
    assert peer_in(ssl.DER_cert_to_PEM_cert(odd)).subject == "CN=Smith & Sons"


@pytest.mark.parametrize("pem", ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_is_refused(pem: str) -> None:
    with pytest.raises(PkiError):
        peer_in(pem)


def test_anchors_and_reported_cas_are_known() -> None:
    place()
    Anchor.objects.all().delete()
    anchor = certificates.make("Anchor", ca=True)
    Anchor(name="anchor", pem=anchor.pem).save()
    assert [one.subject for one in anchor_certificates()] == ["CN=Anchor"]
    assert [one.subject for one in known_authorities()] == ["CN=Anchor", "CN=CA"]
