from datetime import timedelta

from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.journal.actions import add_rule
from seon.backend.journal.expiring import remove_expired_rules
from seon.backend.journal.models import Entry, IgnoreRule
from seon.backend.queue.jobs import do, work_named


def expire(rule: IgnoreRule) -> None:
    IgnoreRule.objects.filter(pk=rule.pk).update(
        valid_from=timezone.now() - timedelta(days=2), valid_to=timezone.now() - timedelta(seconds=1)
    )


def test_the_queue_daemon_removes_what_has_expired_and_says_so_in_the_system_log() -> None:
    gone = add_rule(owner(), "Acme moves house", "connection refused", "SES-FAILED")
    stays = [add_rule(owner(), "for ever", "one"), add_rule(owner(), "later", "two", valid_to=tomorrow())]
    expire(gone)
    do(work_named("ignore-rules"))
    assert set(IgnoreRule.objects.values_list("pk", flat=True)) == {rule.pk for rule in stays}
    said = Entry.objects.get(code="LOG-EXPIRED")
    assert said.text.startswith(f"Ignore rule {gone.pk}, Acme moves house has expired at ")
    assert said.text.endswith("and was removed; its text: connection refused, for SES-FAILED only")
    audited = Entry.objects.filter(code="AUD-CHANGE").latest("pk")
    assert audited.text.startswith("queue daemon (Seonapi itself), ignore.expire: ignore rule")


def test_it_is_said_once() -> None:
    expire(add_rule(owner(), "one", "two"))
    assert remove_expired_rules() == "1 expired ignore rules removed"
    assert remove_expired_rules() == ""
    assert Entry.objects.filter(code="LOG-EXPIRED").count() == 1


def test_a_rule_that_was_made_longer_meanwhile_stays(monkeypatch) -> None:
    from seon.backend.journal import expiring

    rule = add_rule(owner(), "one", "two")
    expire(rule)
    removing = expiring._remove

    def longer_first(key: int) -> bool:
        IgnoreRule.objects.filter(pk=key).update(valid_to=tomorrow())
        return removing(key)

    monkeypatch.setattr(expiring, "_remove", longer_first)
    assert remove_expired_rules() == ""
    assert IgnoreRule.objects.exists()


def tomorrow():
    return timezone.now() + timedelta(days=1)
