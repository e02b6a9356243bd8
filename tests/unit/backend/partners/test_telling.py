from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

import certificates
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor, remove_anchor
from seon.backend.checking.findings import Level, run
from seon.backend.checking.trust import TRUST
from seon.backend.home import Home
from seon.backend.partners.actions import add_partner, disable_partner
from seon.backend.partners.identity_actions import add_names, change_admission
from seon.backend.partners.models import Partner
from seon.backend.partners.pinning import shown
from seon.backend.partners.telling import certificate_data, data_of, lines_of, state_of
from seon.config import CertificateName

MADE = certificates.make("Acme", days=30)


def told() -> str:
    return "\n".join(lines_of(Partner.objects.get()))


def test_a_partner_is_told_with_all_that_it_has() -> None:
    add_partner(
        owner(), "acme", "Acme", ["O1", "O2"], [MADE.pem.encode()], host="2001:db8::1", networks=["10.0.0.0/8"],
        notes="first line\nsecond line",
    )  # fmt: skip
    lines = told().splitlines()
    assert lines[:4] == [
        "acme: Acme, enabled",
        "  codes         O1, O2",
        "  dialled at    [2001:db8::1]:6619",
        "  comes from    10.0.0.0/8",
    ]
    assert "CN=Acme" in lines[4]
    assert lines[4].endswith("(ends in 29 days)")
    assert lines[5:] == ["  notes         first line", "                second line"]
    assert data_of(Partner.objects.get())["certificates"] == [MADE.fingerprint]


def test_what_is_missing_is_said_with_its_meaning() -> None:
    add_partner(owner(), "acme", "A\x1bcme", [], [])
    disable_partner(owner(), "acme")
    said = told()
    assert said.startswith("acme: A\\x1bcme, disabled\n")
    for part in ("it may show every code", "it only calls us", "everywhere", "it is not admitted"):
        assert part in said


def test_a_certificate_is_told_with_its_own_sha_256_however_long_its_name_is() -> None:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "SHA-256 " + "0" * 50)] * 5
    made = certificates.make(x509.Name(attributes), days=30)
    add_partner(owner(), "acme", "Acme", [], [made.pem.encode()])
    assert f"SHA-256 {made.fingerprint} (ends in 29 days)" in told()


@pytest.mark.parametrize(
    ("days", "state"), [(-2, "not valid yet"), (0, "valid"), (309, "ends in 60 days"), (370, "expired")]
)
def test_a_certificate_s_place_in_its_time_is_said(days: int, state: str) -> None:
    made = shown(certificates.make("Acme", days=370).certificate)
    assert state_of(made, datetime.now(UTC) + timedelta(days=days)) == state


def test_a_certificate_is_data_for_programs() -> None:
    data = certificate_data(shown(MADE.certificate))
    assert data["sha256"] == MADE.fingerprint
    assert datetime.fromisoformat(data["not_after"]) == MADE.certificate.not_valid_after_utc


def test_how_it_is_known_without_a_certificate_is_told_with_what_to_know_of_it() -> None:
    add_anchor(owner(), certificates.make("Some CA", ca=True).pem.encode())
    add_partner(owner(), "acme", "Acme", [], [], odette_ids=["O0013A"], anchors=["Some CA"])
    add_names(owner(), "acme", [CertificateName(issuer="CN=CA", subject="CN=Acme")])
    change_admission(owner(), "acme", {"sessions": 3, "old_tls": True})
    lines = told().splitlines()
    assert lines[4:] == [
        "  certificate   none of its own",
        "  Odette IDs    O0013A",
        "  named         CN=Acme, issuer CN=CA",
        "  anchors       Some CA",
        "  sessions      3 at once",
        "  warning       old TLS is for outgoing sessions only: for incoming ones it needs networks",
    ]
    data = data_of(Partner.objects.get())
    assert data["names"] == [{"issuer": "CN=CA", "subject": "CN=Acme"}]
    assert (data["odette_ids"], data["sessions"], data["old_tls"], len(data["warnings"])) == (["O0013A"], 3, True, 1)
    remove_anchor(owner(), "Some CA", force=True)
    assert "(removed)" in told()


def test_the_check_of_the_installation_names_each_partner_with_old_tls(home: Home) -> None:
    add_partner(owner(), "caller", "Caller", [], [], networks=["192.0.2.0/24"])
    add_partner(owner(), "dialled", "Dialled", [], [], host="a.example")
    add_partner(owner(), "gone", "Gone", [], [])
    for identifier in ("caller", "dialled", "gone"):
        change_admission(owner(), identifier, {"old_tls": True})
    disable_partner(owner(), "gone")
    found = list(run([check for check in TRUST if check.name == "old-tls"], home))
    assert [(one.level, one.where, one.what) for one in found] == [
        (Level.WARNING, "partner caller", "old TLS: whoever comes from its networks may use CBC ciphers"),
        (Level.WARNING, "partner dialled",
         "old TLS is for outgoing sessions only: for incoming ones it needs networks"),
    ]  # fmt: skip
    assert found[0].advice.endswith("seonapi partner set caller old_tls no")
