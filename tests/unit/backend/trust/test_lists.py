"""How licenses, tokens and own certificates are, in a word, and which certificate was in use when."""

import datetime as dt
import sys
from pathlib import Path

from django.utils import timezone

sys.path.insert(0, str(Path(__file__).parent))

from samples import ID, TWO, addition

from seon.backend.acting.actors import owner
from seon.backend.trust import lists
from seon.backend.trust.license_actions import issue_license, withdraw_license
from seon.backend.trust.models import OwnCertificate, Token
from seon.backend.trust.own_actions import add_certificate, go_back, remove, rename, use_certificate
from seon.backend.trust.token_actions import new_token, withdraw_token
from seon.backend.trust.tokens import note_use

BY = owner()


def days(count: float) -> dt.datetime:
    return timezone.now() + dt.timedelta(days=count)


def test_a_license_is_in_force_ends_soon_has_ended_or_is_withdrawn() -> None:
    issued = issue_license(BY, ID, 100)
    at = {0: lists.IN_FORCE, 71: lists.ENDS_SOON, 101: lists.ENDED}
    assert {day: lists.license_state(issued, days(day)) for day in at} == at
    assert lists.license_state(withdraw_license(BY, issued.serial), days(0)) == lists.WITHDRAWN


def test_the_license_that_another_follows_is_named_and_a_withdrawn_one_follows_nothing() -> None:
    first, second = issue_license(BY, ID, 100), issue_license(BY, ID, 200)
    assert lists.later_license(first, days(0)) == second
    assert lists.later_license(second, days(0)) == first
    withdraw_license(BY, second.serial)
    assert lists.later_license(first, days(0)) is None
    assert lists.last_ends() == {first.server_id: first.not_after}


def test_a_token_is_in_force_once_it_was_used() -> None:
    new_token(BY, "main", expires_at=days(60))
    token = Token.objects.get()
    assert lists.token_state(token, days(0)) == lists.NEVER_USED
    note_use(token, "10.0.0.7")
    token = Token.objects.select_related("use").get()
    at = {0: lists.IN_FORCE, 31: lists.ENDS_SOON, 61: lists.EXPIRED}
    assert {day: lists.token_state(token, days(day)) for day in at} == at
    assert lists.token_state(withdraw_token(BY, "main"), days(0)) == lists.WITHDRAWN


def test_an_own_certificate_is_stored_planned_in_use_or_over() -> None:
    add_certificate(BY, addition(use=True))
    add_certificate(BY, addition(TWO))
    one, two = OwnCertificate.objects.get(subject="CN=one"), OwnCertificate.objects.get(subject="CN=two")
    assert [lists.own_state(own, days(0)) for own in (one, two)] == [lists.IN_USE, lists.STORED]
    assert [lists.own_state(own, days(31)) for own in (one, two)] == [lists.IN_USE_EXPIRED, lists.EXPIRED]
    use_certificate(BY, "CN=two", days(1))
    two.refresh_from_db()
    assert lists.own_state(two, days(0)) == lists.PLANNED


def test_the_time_line_tells_what_was_in_use_what_is_and_what_is_planned() -> None:
    assert lists.periods(days(0)) == []
    add_certificate(BY, addition(use=True))
    add_certificate(BY, addition(TWO, use=True))
    go_back(BY)
    rename(BY, "CN=one", "2026")
    use_certificate(BY, "CN=two", days(1))
    planned, now, before, first = lists.periods(days(0))
    assert (planned.subject, planned.is_planned) == ("CN=two", True)
    assert (now.subject, now.name, now.ends) == ("CN=one", "2026", None)
    assert (before.subject, first.subject) == ("CN=two", "CN=one")
    assert first.ends is not None
    assert before.ends is not None
    assert first.begins < first.ends <= before.begins < before.ends <= now.begins


def test_what_was_removed_stays_on_the_time_line() -> None:
    add_certificate(BY, addition(use=True))
    add_certificate(BY, addition(TWO, use=True))
    remove(BY, "CN=one")
    assert [(period.subject, period.ends is None) for period in lists.periods(days(0))] == [
        ("CN=two", True), ("CN=one", False)
    ]  # fmt: skip


def test_the_cas_of_the_installation_are_told_by_their_fingerprints() -> None:
    found = {one.kind: one for one in lists.own_authorities()}
    assert set(found) == {"link", "api"}
    assert all(len(one.fingerprint) == 64 and one.not_after > days(365) for one in found.values())
