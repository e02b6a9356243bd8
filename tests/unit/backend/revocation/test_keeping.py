import hashlib
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from django.utils import timezone

sys.path.insert(0, str(Path(__file__).parent))

from placing import CA, URL, place, take_over

import certificates
from crl_web import make_list
from seon.backend.configuration.versioned import read_version
from seon.backend.revocation import keeping
from seon.backend.revocation.keeping import NotTakenError, check, remove_unused_blobs
from seon.backend.revocation.models import CrlUrl, HeldList
from seon.backend.snapshot import build
from seon.backend.trust.models import Blob
from seon.config import RevocationList
from seon.pki.lists import UnsupportedListError, read_list

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = timezone.now()


def test_a_list_in_force_is_in_the_configuration_by_its_hash_with_its_ca_and_its_place() -> None:
    der = make_list(CA, [1, 2, 3])
    version = read_version()
    take_over(read_list(der), place())
    assert read_version() > version
    name = hashlib.sha256(der).hexdigest()
    assert build(1, "127.0.0.1").server.crls == (RevocationList(name, CA.pem, URL),)
    assert bytes(Blob.objects.get(pk=name).octets) == der


def test_a_newer_list_takes_the_place_and_the_octets_of_the_former_one_go_without_a_new_version() -> None:
    where = place()
    first, second = make_list(CA, number=1), make_list(CA, [1], number=2)
    take_over(read_list(first), where)
    take_over(read_list(second), CrlUrl.objects.get())
    assert [one.sha256 for one in HeldList.objects.all()] == [hashlib.sha256(second).hexdigest()]
    version = read_version()
    remove_unused_blobs()
    assert [bytes(one.octets) for one in Blob.objects.all()] == [second]
    assert read_version() == version


def test_one_list_at_two_addresses_is_one_blob() -> None:
    der = make_list(CA)
    for url in ("http://a/1", "http://a/2"):
        take_over(read_list(der), place(url))
    assert (Blob.objects.count(), HeldList.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (make_list(certificates.make("CA", ca=True)), r"its signature is not that of its issuer \(CA: CN=CA\)"),
        (make_list(certificates.make("Other", ca=True)), "it is a list of another CA: CN=Other"),
        (make_list(CA, age=-2 * HOUR), "it is made in the future, at"),
        (make_list(CA, age=8 * DAY), "it has expired, at"),
        (make_list(CA, number=4), r"it is older than the one in force \(number 5, of"),
        (make_list(CA, number=None, age=2 * DAY), "it is older than the one in force"),
        (make_list(CA, number=5, age=2 * DAY), "it is older than the one in force"),
    ],
)
def test_a_worse_list_is_not_taken(octets: bytes, said: str) -> None:
    where = place()
    take_over(read_list(make_list(CA, number=5)), where)
    with pytest.raises(NotTakenError, match=said):
        check(read_list(octets), where, NOW)


def test_an_older_list_that_comes_while_a_newer_one_is_taken_over_is_not_taken() -> None:
    where = place()
    older = read_list(make_list(CA, number=4))
    check(older, where, NOW)
    take_over(read_list(make_list(CA, number=5)), CrlUrl.objects.get())
    with pytest.raises(NotTakenError, match="it is older than the one in force"):
        take_over(older, where)


def test_entries_of_other_cas_are_found_before_a_list_comes_into_force() -> None:
    where, names = place(), x509.GeneralNames([x509.DirectoryName(certificates.common_name("Other"))])
    found = read_list(make_list(CA, [1], entry_extensions=[(x509.CertificateIssuer(names), True)]))
    check(found, where, NOW)
    with pytest.raises(UnsupportedListError, match="indirect list"):
        take_over(found, where)
    assert not HeldList.objects.exists()


def test_a_newer_list_and_one_made_by_a_clock_that_is_a_little_ahead_are_good() -> None:
    where = place()
    take_over(read_list(make_list(CA, number=5)), where)
    check(read_list(make_list(CA, number=6)), where, NOW)
    check(read_list(make_list(CA, number=5, age=timedelta(0))), where, NOW)
    check(read_list(make_list(CA, number=6, age=-HOUR / 2)), where, NOW)


def test_the_lists_of_one_ca_have_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    der = make_list(CA, range(1, 100))
    monkeypatch.setattr(keeping, "MOST_OCTETS_OF_ISSUER", len(der) + 100)
    take_over(read_list(der), place("http://a/1"))
    version = read_version()
    with pytest.raises(NotTakenError, match="this CA's lists together"):
        take_over(read_list(der), place("http://a/2"))
    assert read_version() == version
    take_over(read_list(make_list(CA, [1], number=2)), CrlUrl.objects.get(url="http://a/1"))


def test_there_are_never_more_lists_than_the_configuration_can_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_LISTS", 1)
    take_over(read_list(make_list(CA)), place("http://a/1"))
    with pytest.raises(NotTakenError, match="there are 1 lists already"):
        take_over(read_list(make_list(CA)), place("http://a/2"))
    take_over(read_list(make_list(CA, number=2)), CrlUrl.objects.get(url="http://a/1"))
