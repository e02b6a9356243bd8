"""What sessions are judged by: the general rules with each partner's over them, in the verifier's terms.

It is built once, for every partner, when a configuration is put in force: one that this program cannot follow is then
refused as a whole, and not found out when a partner comes in.
"""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import msgspec

from seon.admission.steps import finished
from seon.config import ClientPartner, FileRules, PartnerFileRules, PartnerRules, ServerPartner, SessionRules
from seon.oftp2.demands import Demands, FileDemands
from seon.oftp2.errors import LocalError
from seon.oftp2.happenings import Side
from seon.oftp2.rules import Policy, Rule, Severity, check_severity, rules_named

T = TypeVar("T")
P = TypeVar("P", ServerPartner, ClientPartner)


class UnusableError(Exception):
    """A configuration cannot be followed; the text names the partner, the rule, and why."""


class Judgement(NamedTuple):
    """What the verifier of a session needs."""

    policy: Policy
    demands: Demands
    names_rules: bool
    """Whether our ESID names the rule that was broken."""


@dataclass(frozen=True)
class Judgements(Generic[P]):
    """The partners of a configuration by their ids, disabled ones too, and what each one's sessions are judged by."""

    partners: Mapping[str, P] = field(default_factory=dict)
    by_side: Mapping[tuple[str, Side], Judgement] = field(default_factory=dict)
    """By partner, and the side of the protocol on which it is."""


def judge_all(partners: Iterable[P], general: SessionRules) -> Judgements[P]:
    """Return what the sessions of these partners are judged by. Raises UnusableError."""
    return finished(judging(partners, general))


def judging(partners: Iterable[P], general: SessionRules) -> Generator[None, None, Judgements[P]]:
    """Do the same in steps, one a partner."""
    by_id: dict[str, P] = {}
    by_side: dict[tuple[str, Side], Judgement] = {}
    alike: dict[bytes, dict[Side, Judgement]] = {}  # most partners have no rules of their own, and building takes time
    for partner in partners:
        if by_id.setdefault(partner.id, partner) is not partner:
            raise UnusableError(f"there are two partners {partner.id}")
        rules = msgspec.json.encode(partner.rules)
        try:
            of_sides = alike.get(rules) or {side: judgement(general, partner.rules, side) for side in Side}
        except LocalError as error:
            raise UnusableError(f"partner {partner.id}: {error}") from None
        alike[rules] = of_sides
        for side, one in of_sides.items():
            by_side[partner.id, side] = one
        yield
    return Judgements(by_id, by_side)


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
