from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from certificates import Made
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.journal.models import Entry
from seon.backend.partners.actions import add_partner
from seon.backend.partners.models import Partner, PartnerCertificate
from seon.backend.queue import expiry
from seon.backend.queue.expiry import all_endings, endings_until, warn_of_ends
from seon.backend.queue.models import Warned
from seon.backend.trust.licenses import new_license
from seon.backend.trust.models import License, OwnCertificate, Token
from seon.backend.trust.own_actions import Addition, add_certificate


def told(code: str = "EXP-") -> list[str]:
    return list(Entry.objects.filter(code__startswith=code).order_by("pk").values_list("text", flat=True))


@pytest.fixture
def pinned(certificate_of) -> PartnerCertificate:
    partner = Partner.objects.create(identifier="acme", name="Acme")
    return PartnerCertificate.objects.create(partner=partner, pem=certificate_of("Acme", days=400).pem)


def ends_in(pinned: PartnerCertificate, **left: float) -> None:
    """Let a certificate end so long from now."""
    PartnerCertificate.objects.filter(pk=pinned.pk).update(not_after=timezone.now() + timedelta(**left))


def own(made: Made, name: str = "") -> None:
    """Take a certificate into use as the company's."""
    add_certificate(owner(), Addition(files=[made.pem.encode(), made.key_pem], name=name, use=True, force=True))


def test_a_new_installation_has_nothing_to_warn_of() -> None:
    assert warn_of_ends() == ""
    assert told() == []
    assert {one.subject.partition(":")[0] for one in all_endings()} == {"authority", "https"}


def test_each_step_is_told_once_and_the_end_as_an_error(
    pinned: PartnerCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    end = now + timedelta(days=100)
    PartnerCertificate.objects.update(not_after=end)
    steps = []
    for days in range(110):
        monkeypatch.setattr(expiry.timezone, "now", lambda days=days: now + timedelta(days=days))
        before = len(told())
        warn_of_ends()
        warn_of_ends()
        if len(told()) > before:
            steps.append(100 - days)
            assert len(told()) == before + 1
    assert steps == [60, 30, 14, 7, 1, 0]
    assert told("EXP-ENDED") == [
        f"The certificate {pinned.fingerprint[:16]} of partner acme has ended, at {end:%Y-%m-%d %H:%M} UTC: "
        "ask the partner for its new one and add it beside this one"
    ]
    assert "of partner acme ends in 14 days, at" in told("EXP-SOON")[2]
    assert [entry.get_severity_display() for entry in Entry.objects.filter(code="EXP-SOON")] == ["warning"] * 5


def test_who_looks_for_the_first_time_shortly_before_the_end_gives_one_warning(pinned: PartnerCertificate) -> None:
    ends_in(pinned, days=5)
    assert warn_of_ends() == "1 warnings of what ends"
    assert warn_of_ends() == ""
    assert len(told()) == 1


def test_a_renewed_object_begins_anew(proxy_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    new_license(proxy_id, 20, "anna")
    warn_of_ends()
    new_license(proxy_id, 29, "anna")
    warn_of_ends()
    assert len(told("EXP-SOON")) == 2
    assert all(f"seonapi license issue {proxy_id}" in text for text in told())


def test_what_is_not_in_use_is_no_worry(pinned: PartnerCertificate, certificate_of: Callable, proxy_id: str) -> None:
    ends_in(pinned, days=5)
    Partner.objects.update(enabled=False)
    made = certificate_of("old", days=5)
    own(made)
    OwnCertificate.objects.update(in_use=False)
    new_license(proxy_id, 5, "anna")
    new_license(proxy_id, 400, "anna")
    assert warn_of_ends() == ""


def test_a_withdrawn_license_does_not_end(proxy_id: str) -> None:
    new_license(proxy_id, 5, "anna")
    License.objects.update(withdrawn_at=timezone.now())
    assert warn_of_ends() == ""


def test_the_own_certificate_in_use_is_told(certificate_of: Callable) -> None:
    made = certificate_of("Our company", days=-1)
    own(made, name="ours")
    assert warn_of_ends()
    (text,) = told("EXP-ENDED")
    assert text.startswith("The own certificate ours, which partners are shown, has ended, at ")


def test_what_is_gone_is_forgotten_after_a_day(pinned: PartnerCertificate) -> None:
    ends_in(pinned, days=5)
    warn_of_ends()
    pinned.delete()
    warn_of_ends()
    assert Warned.objects.count() == 1
    Warned.objects.update(given_at=timezone.now() - timedelta(days=2))
    warn_of_ends()
    assert not Warned.objects.exists()


def test_a_warning_and_its_row_come_together_or_not_at_all(
    pinned: PartnerCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the journal is full")

    ends_in(pinned, days=5)
    with monkeypatch.context() as patch:
        patch.setattr(expiry, "record", fails)
        with pytest.raises(RuntimeError):
            warn_of_ends()
    assert not Warned.objects.exists()
    warn_of_ends()
    assert len(told()) == 1


def test_a_disabled_partner_s_certificate_is_told_when_it_is_enabled_again(pinned: PartnerCertificate) -> None:
    ends_in(pinned, days=5)
    Partner.objects.update(enabled=False)
    warn_of_ends()
    assert told() == []
    Partner.objects.update(enabled=True)
    warn_of_ends()
    assert len(told()) == 1


def test_partners_without_a_certificate_have_none_that_ends() -> None:
    add_partner(owner(), "acme", "Acme", [], [])
    assert warn_of_ends() == ""


def test_a_token_that_ends_is_told_and_one_without_an_end_or_withdrawn_is_not() -> None:
    soon = timezone.now() + timedelta(days=5)
    Token.objects.create(name="for ever", digest="1" * 64)
    Token.objects.create(name="old", digest="2" * 64, expires_at=soon, withdrawn_at=timezone.now())
    Token.objects.create(name="short", digest="3" * 64, expires_at=soon)
    warn_of_ends()
    (text,) = told("EXP-SOON")
    assert text.startswith("The security token short ends in ")


def test_a_trust_anchor_that_ends_is_told(certificate_of) -> None:
    add_anchor(owner(), certificate_of("Some CA", ca=True, days=20).pem.encode())
    warn_of_ends()
    assert "The trust anchor Some CA ends in 19 days" in told("EXP-SOON")[0]


def test_what_ends_until_a_moment_comes_in_the_order_of_its_end(pinned: PartnerCertificate, certificate_of) -> None:
    other = PartnerCertificate.objects.create(partner=pinned.partner, pem=certificate_of("Other", days=400).pem)
    now = timezone.now()
    ends_in(pinned, days=20)
    ends_in(other, days=10)
    assert [one.subject.rpartition(":")[2] for one in endings_until(now + timedelta(days=30))] == [
        other.fingerprint, pinned.fingerprint,
    ]  # fmt: skip
    assert len(endings_until(now + timedelta(days=15))) == 1
    Partner.objects.update(enabled=False)
    assert endings_until(now + timedelta(days=30)) == []
