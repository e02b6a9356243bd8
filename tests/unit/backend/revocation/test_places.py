import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from django.utils import timezone

sys.path.insert(0, str(Path(__file__).parent))

from placing import CA, URL, came, place, settle, source, source_alone

import certificates
from crl_web import make_list, points
from seon.api_messages import CrlSource
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.versioned import read_version
from seon.backend.queue.models import Job
from seon.backend.revocation import authorities, places
from seon.backend.revocation.models import CrlIssuer, CrlUrl
from seon.backend.revocation.places import due, forget_unseen, keep_those_of_anchors, remember


def kept() -> list[str]:
    return sorted(CrlUrl.objects.values_list("url", flat=True))


def tried(*urls: str) -> None:
    CrlUrl.objects.filter(url__in=urls).update(last_try=timezone.now())


def test_what_is_reported_is_kept_once_for_each_ca_and_asked_for_at_once() -> None:
    Job.objects.create(name="crls")
    first = [source(), source("https://crl.example/2.crl")]
    second = [source(), source(ca=certificates.make("Other", ca=True))]
    version = read_version()
    remember(first, "main")
    remember(second, "another")
    assert kept() == [URL, URL, "https://crl.example/2.crl"]
    assert set(CrlUrl.objects.values_list("reported_by", flat=True)) == {"main", "another"}
    assert Job.objects.get(name="crls").asked_for
    assert read_version() == version, "where lists are is no part of the configuration"


def test_a_renewed_certificate_of_a_ca_is_the_same_ca() -> None:
    source()
    ending = certificates.make("CA", CA.key, ca=True, days=-1)
    for made in (ending, CA, certificates.make("CA", CA.key, ca=True, days=900)):
        remember([source_alone(f"{URL}{made.fingerprint}", made)], "main")
    (issuer,) = CrlIssuer.objects.all()
    assert issuer.pem == CA.pem, "one that is valid stays: anybody can make another one of this name and key"
    Anchor.objects.all().delete()
    anchor = certificates.make("CA", CA.key, ca=True, extensions=[points(URL)])
    Anchor(name="anchor", pem=anchor.pem).save()
    keep_those_of_anchors()
    assert CrlIssuer.objects.get().pem == anchor.pem


def test_a_ca_without_a_place_is_forgotten() -> None:
    place()
    CrlUrl.objects.all().delete()
    forget_unseen()
    assert not CrlIssuer.objects.exists()


def test_a_huge_certificate_of_a_ca_is_not_kept() -> None:
    filler = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), bytes(9_500))
    remember([source(ca=certificates.make("Huge", ca=True, extensions=[(filler, False)]))], "main")
    assert kept() == []


@pytest.mark.parametrize(
    "url", ["ldap://a/b", "file:///etc/passwd", "http://", "http://[a", "http://a/\n", "http://ä/", "http://u:p@a/"]
)
def test_nothing_else_is_kept(url: str) -> None:
    Job.objects.create(name="crls")
    remember([source(url), CrlSource(URL, b"no certificate")], "main")
    assert (kept(), Job.objects.get(name="crls").asked_for) == ([], False)


def test_a_ca_of_a_huge_key_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorities, "MOST_RSA_BITS", 1_024)
    remember([source(ca=certificates.make("RSA", certificates.rsa_key(), ca=True))], "main")
    assert kept() == []


def test_a_ca_below_no_anchor_is_not_kept_whoever_reports_it(caplog: pytest.LogCaptureFixture) -> None:
    """SECURITY: a DMZ host in foreign hands names its own CAs, with lists that never end."""
    source()
    forged = certificates.make("Middle", ca=True, issuer=certificates.make("CA", ca=True))
    remember([source_alone("http://a/1", forged), source_alone("http://a/2", certificates.make("CA", ca=True))], "main")
    assert kept() == []
    assert "its CA is below no trust anchor, as far as can be seen here: CN=Middle" in caplog.text


def test_a_ca_below_an_anchor_is_known_by_its_chain() -> None:
    above = certificates.make("Above", ca=True, issuer=CA)
    below = certificates.make("Below", ca=True, issuer=above)
    remember([source_alone("http://a/2", below)], "main")
    assert kept() == [], "what is between is not known"
    remember([source_alone("http://a/2", below), source_alone("http://a/1", above), source("http://a/0")], "main")
    assert kept() == ["http://a/0", "http://a/1", "http://a/2"]
    remember([source_alone("http://a/3", certificates.make("Lowest", ca=True, issuer=below))], "main")
    assert "http://a/3" in kept()


def test_one_ca_cannot_fill_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_OF_ISSUER", 2)
    other = certificates.make("Other", ca=True)
    remember([source(f"http://a/{n}") for n in range(3)], "main")
    remember([source("http://b/", other)], "main")
    assert kept() == ["http://a/0", "http://a/1", "http://b/"], "those that were never tried stay"
    tried("http://a/0", "http://a/1")
    CrlUrl.objects.filter(url="http://a/1").update(last_seen=timezone.now() - timedelta(hours=1))
    remember([source("http://a/3")], "main")
    assert kept() == ["http://a/0", "http://a/3", "http://b/"], "the oldest one gives way"


def test_what_has_a_list_stays_and_what_an_anchor_names_always_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST", 2)
    one, two = place("http://a/1"), place("http://a/2")
    assert settle(one, came(make_list(CA)))
    CrlUrl.objects.filter(pk=two.pk).update(of_anchor=True, last_try=timezone.now())
    remember([source("http://a/3")], "main")
    assert kept() == ["http://a/1", "http://a/2"]
    CrlUrl.objects.update(last_seen=timezone.now() - timedelta(days=8))
    remember([source("http://a/3")], "main")
    assert kept() == ["http://a/2", "http://a/3"], "a list that nobody has reported for a week gives way"


def test_what_anchors_name_is_kept_with_the_ca_that_signs_there() -> None:
    root = certificates.make("Root", ca=True, extensions=[points("http://root/own.crl")])
    middle = certificates.make("Middle", ca=True, issuer=root, extensions=[points("http://root/1.crl", "ldap://x/")])
    lonely = certificates.make(
        "Lonely", ca=True, issuer=certificates.make("?", ca=True), extensions=[points("http://unknown/1.crl")]
    )
    for made in (root, middle, lonely):
        Anchor(name=str(made.certificate.subject.rfc4514_string()), pem=made.pem).save()
    keep_those_of_anchors()
    assert kept() == ["http://root/1.crl", "http://root/own.crl"]
    assert set(CrlUrl.objects.values_list("issuer__subject", "of_anchor")) == {("CN=Root", True)}
    Anchor.objects.get(subject="CN=Middle").delete()
    keep_those_of_anchors()
    assert list(CrlUrl.objects.filter(of_anchor=True).values_list("url", flat=True)) == ["http://root/own.crl"]


def test_what_nobody_reports_any_more_is_forgotten() -> None:
    place("http://a/1"), place("http://a/2")
    CrlUrl.objects.update(last_seen=timezone.now() - timedelta(days=401))
    remember([source("http://a/2")], "main")
    forget_unseen()
    assert kept() == ["http://a/2"]


def test_what_was_never_tried_comes_first_and_what_is_given_by_hand_never() -> None:
    old, new, later = place("http://a/1"), place("http://a/2"), place("http://a/3")
    now = timezone.now()
    CrlUrl.objects.filter(pk=old.pk).update(last_try=now, next_try=now)
    CrlUrl.objects.filter(pk=later.pk).update(last_try=now, next_try=now + timedelta(minutes=1))
    CrlUrl.objects.create(issuer=old.issuer, url="")
    assert list(due(now)) == [new, old]
