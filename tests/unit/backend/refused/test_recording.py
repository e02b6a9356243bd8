import time
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

import certificates
from seon.api_messages import RefusedCertificate as Told
from seon.backend.refused import recording
from seon.backend.refused.models import RefusedCertificate
from seon.backend.refused.recording import remember
from seon.pki import PkiError


def told(made: certificates.Made, **fields) -> Told:
    known = {"source": "192.0.2.1:5", "verdict": "UNKNOWN", "reason": "no partner has it", "time": time.time()}
    return Told(der=made.certificate.public_bytes(Encoding.DER), **{**known, **fields})


def test_one_is_kept_once_and_counted_with_what_was_last_said_of_it() -> None:
    made = certificates.make("Stranger")
    remember(told(made))
    remember(told(made, source="[2001:db8::1]:6", verdict="EXPIRED", reason="it has expired"))
    row = RefusedCertificate.objects.get()
    assert (row.fingerprint, row.subject, row.issuer) == (made.fingerprint, "CN=Stranger", "CN=Stranger")
    assert (row.count, row.source, row.verdict, row.reason) == (2, "[2001:db8::1]:6", "EXPIRED", "it has expired")
    assert row.first_seen < row.last_seen
    assert bytes(row.der) == made.certificate.public_bytes(Encoding.DER)


def test_those_not_seen_for_longest_make_room(monkeypatch) -> None:
    monkeypatch.setattr(recording, "MOST", 2)
    now = time.time()
    for number, made in enumerate(map(certificates.make, ("A", "B"))):
        remember(told(made, time=now - 100 + number))
    remember(told(certificates.make("C"), time=now))
    assert set(RefusedCertificate.objects.values_list("subject", flat=True)) == {"CN=B", "CN=C"}


@pytest.mark.parametrize("moment", [0.0, -1e300, 1e300, 4e9])
def test_a_time_that_cannot_be_is_now(moment: float) -> None:
    row = remember(told(certificates.make("Stranger"), time=moment))
    assert abs(timezone.now() - row.last_seen) < timedelta(minutes=1)


def test_what_a_stranger_chose_is_escaped() -> None:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a\x1b[31m\0\u202e<script>")])
    row = remember(told(certificates.make(name), reason="x\0\x1b[2J\ny"))
    kept = RefusedCertificate.objects.get()
    for text in (row.subject, kept.subject, kept.issuer, kept.reason):
        assert not set(text) & set("\0\x1b\n\u202e"), text
    assert "<script>" in kept.subject.replace("\\", ""), "who shows it as HTML escapes it"


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(PkiError):
        remember(Told(b"der", "", "", "", 0.0))
    assert not RefusedCertificate.objects.exists()
