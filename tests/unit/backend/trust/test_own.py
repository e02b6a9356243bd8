import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import connection
from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.queue.jobs import work_named
from seon.backend.trust.models import OwnCertificate, OwnKey
from seon.backend.trust.own import find_own, in_use, private_key_of, put_in_use, switch_due, used_before
from seon.backend.trust.own_actions import Addition, add_certificate, use_certificate


def stored(made: Any, name: str = "", **options: Any) -> OwnCertificate:
    return add_certificate(owner(), Addition(files=[made.pem.encode(), made.old_key_pem], name=name, **options)).own


def planned(made: Any, days: float, **options: Any) -> OwnCertificate:
    return stored(made, use=True, use_from=timezone.now() + dt.timedelta(days=days), **options)


def test_the_key_is_encrypted_at_once_and_opens_again(certificate_of: Callable[..., Any]) -> None:
    made = certificate_of("own")
    own = stored(made)
    assert b"PRIVATE" not in own.key.sealed
    again = OwnCertificate.objects.get(pk=own.pk)
    assert load_pem_private_key(private_key_of(again), None).public_key() == made.key.public_key()


def test_a_key_moved_to_another_record_does_not_open(certificate_of: Callable[..., Any]) -> None:
    one, two = stored(certificate_of("one")), stored(certificate_of("two"))
    two.key.sealed = one.key.sealed
    with pytest.raises(OperatorError, match="does not open"):
        private_key_of(two)


def test_the_history_and_the_journal_hold_no_key(certificate_of: Callable[..., Any]) -> None:
    made = certificate_of("own")
    stored(made)
    assert not hasattr(OwnKey.history.first(), "sealed")
    secret = made.key_pem.decode().splitlines()[1][10:40]
    assert secret not in repr(list(Entry.objects.values_list("text", "fields")))


def test_a_certificate_is_found_by_its_name_or_the_beginning_of_its_id(certificate_of: Callable[..., Any]) -> None:
    one, two = stored(certificate_of("one"), "ours"), stored(certificate_of("two"), "ours")
    other = stored(certificate_of("three"), "other")
    assert find_own("other") == other
    assert find_own(one.fingerprint[:6].upper()) == one
    with pytest.raises(OperatorError, match=f"more than one.*{two.fingerprint[:12]}"):
        find_own("ours")
    for reference in ("nobody", one.fingerprint[:5], "", "%"):
        with pytest.raises(OperatorError, match="There is no own certificate"):
            find_own(reference)


def test_one_is_in_use_and_the_one_before_is_known(certificate_of: Callable[..., Any]) -> None:
    one, two = stored(certificate_of("one")), stored(certificate_of("two"))
    assert (put_in_use(one), in_use(), used_before()) == (None, one, None)
    assert (put_in_use(two), in_use(), used_before()) == (one, two, one)
    assert put_in_use(two) == two, "it was in use already"


def test_what_is_planned_comes_into_use_at_its_time_and_raises_the_version(certificate_of: Callable[..., Any]) -> None:
    old = stored(certificate_of("old"), use=True)
    new = planned(certificate_of("new"), 1)
    before = read_version()
    assert switch_due() == ""
    assert (in_use(), read_version()) == (old, before)
    assert "as planned" in switch_due(timezone.now() + dt.timedelta(days=1))
    assert in_use() == new
    assert used_before() == old
    assert read_version() > before
    assert OwnCertificate.objects.get(pk=new.pk).use_from is None
    entry = Entry.objects.get(code="CFG-OWN")
    assert "CN=new" in entry.text
    assert "before: CN=old" in entry.text
    after = read_version()
    assert switch_due(timezone.now() + dt.timedelta(days=1)) == ""
    assert read_version() == after, "it is done once"


def test_of_several_that_are_due_the_last_one_is_used(certificate_of: Callable[..., Any]) -> None:
    planned(certificate_of("first"), 1)
    second = planned(certificate_of("second"), 2)
    switch_due(timezone.now() + dt.timedelta(days=3))
    assert in_use() == second
    assert not OwnCertificate.objects.exclude(use_from=None).exists()


def test_what_has_expired_before_its_time_came_is_not_put_in_use(certificate_of: Callable[..., Any]) -> None:
    old = stored(certificate_of("old"), use=True)
    planned(certificate_of("new", days=5), 1)
    assert "has expired" in switch_due(timezone.now() + dt.timedelta(days=6))
    assert in_use() == old
    assert "does not: it has expired meanwhile" in Entry.objects.get(code="CFG-OWNBAD").text
    assert switch_due(timezone.now() + dt.timedelta(days=6)) == ""


def test_the_queue_daemon_switches_too(certificate_of: Callable[..., Any]) -> None:
    new = planned(certificate_of("new"), 1)
    OwnCertificate.objects.filter(pk=new.pk).update(use_from=timezone.now())
    assert "as planned" in work_named("certificates").do()
    assert in_use() == new


def test_a_plan_is_over_when_the_certificate_is_used_before(certificate_of: Callable[..., Any]) -> None:
    new = planned(certificate_of("new"), 1)
    use_certificate(owner(), new.name)
    version = read_version()
    assert switch_due(timezone.now() + dt.timedelta(days=2)) == ""
    assert (in_use(), read_version()) == (new, version)


def test_of_many_that_look_at_once_one_switches(certificate_of: Callable[..., Any]) -> None:
    stored(certificate_of("old"), use=True)
    new = planned(certificate_of("new"), 1)
    at = timezone.now() + dt.timedelta(days=1)
    start = threading.Barrier(6)

    def look(_: int) -> str:
        start.wait(10)
        try:
            return switch_due(at)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(look, range(6)))
    assert sorted(filter(None, told)) == ["own certificate CN=new is in use from now on, as planned"]
    assert in_use() == new
    assert Entry.objects.filter(code="CFG-OWN").count() == 1
    said = Entry.objects.filter(code="AUD-CHANGE", text__contains="certificate.planned")
    assert [entry.text for entry in said if "nothing" in entry.text] == [], "who comes too late says nothing"


def test_of_two_that_choose_at_once_one_certificate_is_in_use(certificate_of: Callable[..., Any]) -> None:
    names = [stored(certificate_of(f"number {number}")).name for number in range(4)]
    start = threading.Barrier(4)

    def choose(name: str) -> None:
        start.wait(10)
        try:
            use_certificate(owner(), name)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(choose, names))
    assert OwnCertificate.objects.filter(in_use=True).count() == 1
    assert OwnCertificate.objects.exclude(used_at=None).count() == 4, "each was in use, one after the other"
