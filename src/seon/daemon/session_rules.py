"""What one session is judged by: the general rules with its partner's over them, in the verifier's terms."""

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from seon.config import FileRules, PartnerFileRules, PartnerRules, SessionRules
from seon.oftp2.demands import Demands, FileDemands
from seon.oftp2.happenings import Side
from seon.oftp2.rules import Policy, Rule, Severity, check_severity, rules_named

T = TypeVar("T")


class Judgement(NamedTuple):
    """What the verifier of a session needs."""

    policy: Policy
    demands: Demands
    names_rules: bool
    """Whether our ESID names the rule that was broken."""


def judgement(general: SessionRules, own: PartnerRules, partner_side: Side) -> Judgement:
    """Return what judges a session with a partner on this side of the protocol.

    Raises LocalError for a rule that this program does not know, and for one that cannot be softened.
    """
    names = _merged(general.rules, own.rules)
    policy = Policy(_own_or(own.profile, general.profile), {name: Severity(value) for name, value in names.items()})
    demands = Demands(
        level_5=_own_or(own.level_5_only, general.level_5_only),
        authentication=_own_or(own.secure_authentication, general.secure_authentication),
        files={
            partner_side: _files(general.incoming, own.incoming),
            partner_side.other: _files(general.outgoing, own.outgoing),
        },
    )
    return Judgement(policy, demands, _own_or(own.esid_names_rule, general.esid_names_rule))


def _merged(general: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Put a partner's severities over the general ones: its word on a rule is also its word on the rule's forms.

    But for a form that cannot take it: that stays as it is in general.
    """
    by_key = {rule.key: severity for name, severity in general.items() for rule in _named(name, general, severity)}
    return {**by_key, **{rule.key: severity for name, severity in own.items() for rule in _named(name, own, severity)}}


def _named(name: str, among: Mapping[str, str], severity: str) -> list[Rule]:
    """Return the rules that a name sets; not those that are named by their own key beside it. Raises LocalError."""
    worth = Severity(severity)
    check_severity(name, worth)
    return [rule for rule in rules_named(name) if rule.can_be(worth) and (rule.key == name or rule.key not in among)]


def _files(general: FileRules, own: PartnerFileRules) -> FileDemands:
    return FileDemands(
        max_octets=_own_or(own.max_octets, general.max_octets),
        names=_own_or(own.names, general.names),
        destinations=_own_or(own.destinations, general.destinations),
        originators=_own_or(own.originators, general.originators),
    )


def _own_or(own: T | None, general: T) -> T:
    return general if own is None else own
