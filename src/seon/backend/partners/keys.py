"""What is set for a partner, by name: the same kind of keys as settings have."""

from seon.backend.configuration.keys import RULES, Done, set_field, set_rule, shown_fields, shown_rules
from seon.backend.configuration.values import Shown
from seon.backend.errors import OperatorError
from seon.backend.partners.models import Partner

_HIDDEN = {"id", "identifier"}


def partner_settings(identifier: str) -> list[Shown]:
    """Return what is set for a partner. Raises OperatorError if there is none of this id."""
    partner = find_partner(identifier)
    return shown_fields(partner, _HIDDEN) + shown_rules(partner.rules.all())


def set_partner_setting(identifier: str, key: str, value: str) -> Done:
    """Set one thing of a partner from text. Raises OperatorError that names what is allowed."""
    partner = find_partner(identifier)
    if key.startswith(RULES):
        return set_rule(partner.rules, key, value, "as in general")
    set_field(partner, key, value, partner_settings(identifier), _HIDDEN)
    return Done()


def find_partner(identifier: str) -> Partner:
    """Return a partner. Raises OperatorError."""
    partner = Partner.objects.filter(identifier=identifier).first()
    if partner is None:
        raise OperatorError(f"There is no partner {identifier!r}; see: seonapi partner list")
    return partner
