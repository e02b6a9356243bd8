import base64
import io

import pytest

import certificates
from crl_web import make_list
from seon.backend.revocation.bringing import Brought, Expected, bring
from seon.backend.revocation.downloading import Fetched
from seon.pki import PkiError

CA, OTHER = certificates.make("CA", ca=True), certificates.make("CA", ca=True)
LIST = make_list(CA, [1, 2])


def brought(octets: bytes, ca: certificates.Made = CA, sha256: str = "") -> Brought:
    return bring(Fetched(io.BytesIO(octets), "e", "m"), Expected(ca.pem, sha256))


def test_a_list_is_read_and_its_entries_are_counted() -> None:
    found = brought(LIST)
    assert found.found is not None
    assert (found.found.der, found.entries, found.etag, found.modified) == (LIST, 2, "e", "m")


def test_the_list_that_is_in_force_already_is_not_counted_in_pem_neither() -> None:
    sha256 = brought(LIST).sha256
    for octets in (LIST, pem_of(LIST)):
        assert (brought(octets, sha256=sha256).sha256, brought(octets, sha256=sha256).entries) == (sha256, None)


def test_one_that_another_key_has_signed_costs_no_counting() -> None:
    assert brought(LIST, OTHER).entries is None


def test_what_has_not_changed_brings_nothing() -> None:
    assert bring(Fetched(None, "e"), Expected(CA.pem)) == Brought(None, "", None, "e")


def test_what_is_no_list_is_said() -> None:
    with pytest.raises(PkiError, match="it is empty"):
        brought(b"")


def pem_of(der: bytes) -> bytes:
    return b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(der) + b"-----END X509 CRL-----\n"
