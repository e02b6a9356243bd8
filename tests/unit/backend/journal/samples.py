from acting.samples import Sample
from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.journal.actions import RuleChange, add_rule, change_rule, remove_rule, trace_session
from seon.backend.journal.models import IgnoreRule, Session


def rule() -> None:
    add_rule(owner(), "Acme moves house", "connection refused")


def key() -> int:
    return IgnoreRule.objects.get().pk


def running() -> None:
    Session.objects.create(session="0123456789abcdef", started_at=timezone.now())


SAMPLES = {
    "ignore.add": Sample(
        good=lambda by: add_rule(by, "Acme moves house", "connection refused"),
        bad=lambda by: add_rule(by, "Nothing at all", " "),
        told="text: 'connection refused'",
    ),
    "ignore.change": Sample(
        good=lambda by: change_rule(by, key(), RuleChange(text="timed out")),
        bad=lambda by: change_rule(by, key(), RuleChange(code="NO-SUCH")),
        ready=rule,
        told="'connection refused' to 'timed out'",
    ),
    "ignore.remove": Sample(
        good=lambda by: remove_rule(by, key()),
        bad=lambda by: remove_rule(by, key() + 1),
        ready=rule,
        told="removed",
    ),
    "session.trace": Sample(
        good=lambda by: trace_session(by, "01234567", on=True),
        bad=lambda by: trace_session(by, "fedcba98", on=True),
        ready=running,
        told="traced session 0123456789abcdef: added",
    ),
}
