from acting.samples import Sample

from seon.backend.acting.actors import owner
from seon.backend.journal.actions import RuleChange, add_rule, change_rule, remove_rule
from seon.backend.journal.models import IgnoreRule


def rule() -> None:
    add_rule(owner(), "Acme moves house", "connection refused")


def key() -> int:
    return IgnoreRule.objects.get().pk


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
}
