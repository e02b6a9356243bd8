"""What can be done with the session rules of one partner; the general ones: configuration/actions.py."""

from collections.abc import Mapping

from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.configuration.keys import RULES, Done
from seon.backend.configuration.values import Value
from seon.backend.errors import OperatorError
from seon.backend.partners.keys import set_partner_settings
from seon.backend.session_rules.demands import DEMANDS

OF_SESSIONS = frozenset({*DEMANDS, "trace"})
"""What `partner.rules` changes: all that says how a partner's sessions go."""


@act("partner.rules", Right.PARTNERS)
def change_partner_rules(_: Actor, identifier: str, values: Mapping[str, Value]) -> None:
    """Change what sessions of a partner are judged by, and whether they are traced; all of it or nothing.

    `values`: by key, each from text or as it is; empty: as in general. Raises OperatorError that names what is allowed.
    """
    foreign = next((key for key in values if key not in OF_SESSIONS), None)
    if foreign is not None:
        raise OperatorError(f"{foreign!r} is no session rule; there are: {', '.join(sorted(OF_SESSIONS))}")
    set_partner_settings(identifier, values)


@act("partner.rule", Right.PARTNERS)
def set_partner_rule(_: Actor, identifier: str, rule: str, severity: str, *, new: bool = False) -> Done:
    """Set what a rule of the verifier is worth for a partner; empty: as in general.

    `new`: refuse if it is set already. Returns what the setting does to the rule's forms. Raises OperatorError.
    """
    return set_partner_settings(identifier, {f"{RULES}{rule}": severity}, new=new)
