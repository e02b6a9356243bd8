import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

sys.path.insert(0, str(Path(__file__).parent))

from placing import CA, URL, place, told

import certificates
from crl_web import issuing_point, make_list
from seon.backend.acting import audit
from seon.backend.acting.actors import owner
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.queue.expiry import list_endings
from seon.backend.revocation import actions
from seon.backend.revocation.actions import add_list, find, remove_place, set_fetching
from seon.backend.revocation.models import CrlIssuer, CrlUrl, HeldList, RevocationSettings
from seon.backend.snapshot import build
from seon.pki.lists import CertificateList, count_entries


def add(octets: bytes, **more: object) -> HeldList:
    return add_list(owner(), octets, **more)  # type: ignore[arg-type]


def test_a_list_is_brought_by_hand_and_its_ca_is_found_among_those_known_here() -> None:
    der = make_list(CA, [1, 2])
    with pytest.raises(
        OperatorError, match=r"The list of CN=CA is not signed by one of the CAs known here; .*--issuer"
    ):
        add(der)
    Anchor(name="ca", pem=CA.pem).save()
    held = add(x509.load_der_x509_crl(der).public_bytes(Encoding.PEM))
    assert (held.place.url, held.entries, held.place.issuer.pem) == ("", 2, CA.pem)
    (shown,) = build(1, "127.0.0.1").server.crls
    assert (shown.url, shown.issuer) == ("", CA.pem)
    assert told()[0].startswith("Revocation list of CN=CA taken over, given by hand: 2 entries")


def test_the_ca_can_be_given_beside_it_and_must_have_signed_it() -> None:
    other = certificates.make("CA", ca=True)
    with pytest.raises(OperatorError, match=r"by the certificate that was given \(its signature is not that"):
        add(make_list(CA), issuer=other.pem.encode())
    assert add(make_list(CA), issuer=CA.pem.encode()).place.issuer.pem == CA.pem


def test_a_reported_ca_is_known_and_a_partitioned_list_goes_to_its_address() -> None:
    reported = place()
    held = add(make_list(CA, [1], extensions=[issuing_point("http://mirror/", URL)]))
    assert (held.place, held.kind, held.points) == (reported, "partitioned", f"http://mirror/\n{URL}")
    assert CrlUrl.objects.get(pk=reported.pk).result == "given by hand: 1 entry"
    assert add(make_list(CA, [2], number=2), url="http://crl.example/part2.crl").place.by_hand


@pytest.mark.parametrize(
    ("octets", "said"),
    [(b"", "it is empty"), (b"<html>", "a web page"), (CA.pem.encode(), "PEM with certificate"),
     (make_list(CA, number=1), "it is older than the one in force"), (make_list(CA, [1], number=5), "in force already"),
     (make_list(CA, extensions=[(x509.DeltaCRLIndicator(1), True)]), "not supported: it is a delta list")],
)  # fmt: skip
def test_a_list_that_is_not_taken_changes_nothing(octets: bytes, said: str) -> None:
    if "already" in said:  # signatures differ from time to time
        octets = bytes(SIGNED)
    add(SIGNED, issuer=CA.pem.encode())
    version = read_version()
    with pytest.raises(OperatorError, match=said):
        add(octets)
    assert (read_version(), HeldList.objects.count()) == (version, 1)


SIGNED = make_list(CA, [1], number=5)


def test_the_last_third_of_a_list_by_hand_is_told_as_other_ends_are() -> None:
    from datetime import timedelta

    add(make_list(CA, age=timedelta(days=1)), issuer=CA.pem.encode())
    assert list(list_endings()) == []
    add(make_list(CA, age=timedelta(days=5), number=2), issuer=CA.pem.encode())
    (ending,) = list_endings()
    assert (ending.what, ending.advice.endswith("seonapi crl add FILE")) == (
        "The revocation list of CN=CA, which was given by hand,", True,
    )  # fmt: skip


def test_a_place_is_named_by_its_number_or_its_address_and_removed_with_its_list() -> None:
    one, two = place(), place(ca=certificates.make("Other", ca=True))
    with pytest.raises(OperatorError, match=f"Several CAs .*{one.pk}, {two.pk}"):
        find(URL)
    with pytest.raises(OperatorError, match="There is no revocation list 'http://none/'"):
        find("http://none/")
    add(make_list(CA), url=URL)
    assert remove_place(owner(), str(one.pk)) == URL
    assert (find(URL), HeldList.objects.count(), CrlIssuer.objects.count()) == (two, 0, 1)
    assert build(1, "127.0.0.1").server.crls == ()


@pytest.mark.parametrize(
    "changes",
    [{"http_proxy": "proxy:3128"}, {"http_proxy": "http://proxy"}, {"http_proxy": "http://u:p@proxy:1"},
     {"http_proxy": "http://proxy:1/x"}, {"http_proxy": "http://proxy:99999"}, {"refresh_hours": 0},
     {"refresh_hours": 169}, {"private_networks": "10.0.0.0/33"}],
)  # fmt: skip
def test_only_what_can_be_is_set(changes: dict[str, object]) -> None:
    with pytest.raises(OperatorError):
        set_fetching(owner(), **changes)  # type: ignore[arg-type]
    assert not RevocationSettings.objects.exists()


def test_what_is_not_given_stays() -> None:
    set_fetching(owner(), http_proxy="http://proxy.example:3128", private_networks="10.0.0.0/8, 192.168.0.1")
    row = set_fetching(owner(), refresh_hours=6)
    assert (row.http_proxy, row.private_networks, row.refresh_hours) == (
        "http://proxy.example:3128", "10.0.0.0/8\n192.168.0.1/32", 6,
    )  # fmt: skip
    assert set_fetching(owner(), http_proxy="").http_proxy == ""


def test_nobody_waits_for_the_database_while_a_large_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def counting(found: CertificateList) -> int:
        assert audit.running() is None, "no act, and so no transaction, is under way"
        return count_entries(found)

    monkeypatch.setattr(actions, "count_entries", counting)
    assert add_list(owner(), make_list(CA, [1]), CA.pem.encode()).entries == 1
