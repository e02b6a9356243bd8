"""A certificate in words, whatever stands in it."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.template import Context, Template
from django.utils import timezone

from certificates import make
from seon.admission.revocation import Revocation, State
from seon.backend.panel.partners.certificates import readable, revocation_words, validity


def test_a_certificate_says_what_it_is_for_and_of_whom() -> None:
    names = [x509.DNSName(f"h{number}.example") for number in range(12)] + [x509.UniformResourceIdentifier("oftp://O1")]
    made = make("Acme", days=100, extensions=[
        (x509.SubjectAlternativeName(names), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.CODE_SIGNING]), False),
    ])  # fmt: skip
    rows = dict(readable(made.shown).rows)
    assert rows["Usage"] == "clientAuth, 1.3.6.1.5.5.7.3.3"
    assert rows["Host names"].endswith("h9.example and 2 more")
    assert (rows["Odette IDs"], rows["Key"], rows["Issuer"]) == ("O1", "EC secp256r1", "itself (self-signed)")
    assert dict(readable(make("CA", ca=True).shown).rows)["Usage"] == "not said: any; it calls itself a CA"


@pytest.mark.parametrize(
    ("days", "begun", "words", "tone"),
    [(400, True, "399 days left", "s-good"), (30, True, "29 days left", "s-warn"), (2, True, "1 day left", "s-bad"),
     (-3, True, "ended 3 days ago", "s-bad"), (400, False, "not valid yet", "s-bad")],
)  # fmt: skip
def test_where_it_is_in_its_time_stands_in_words(days: int, begun: bool, words: str, tone: str) -> None:
    now = timezone.now()
    found = validity(now + timedelta(days=days), now + timedelta(days=-5 if begun else 5))
    assert (found.words, found.tone) == (words, tone)
    assert 0 <= found.left <= 100


def test_one_that_never_ends_can_be_shown_in_every_zone() -> None:
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert validity(end, datetime(1970, 1, 1, tzinfo=UTC)).tone == "s-good"
    with timezone.override("Pacific/Kiritimati"):
        text = Template("{% load panel %}{{ end|day }} {{ end|moment }}").render(Context({"end": end}))
    assert "9999-12-31" in text


def test_what_lists_say_of_it_stands_in_words() -> None:
    made = make("x").shown
    said = [revocation_words(Revocation(made, state, 7_200.0)) for state in State]
    assert len({words for words, _ in said}) == len(State)
    assert said[0] == ("not revoked, by a list made 2 h ago", "s-good")
    assert revocation_words(Revocation(made, State.REVOKED))[1] == "s-bad"
    assert "no trust anchor" in revocation_words(None)[0]
