"""What is set for a partner, by name: the same kind of keys as settings have."""

from collections.abc import Mapping

from django.db import transaction

from seon.backend.configuration.keys import Done, Keys
from seon.backend.configuration.values import Shown, Value
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.partners.models import Partner

_HIDDEN = frozenset({"id", "identifier", "notes"})


def partner_settings(identifier: str) -> list[Shown]:
    """Return what is set for a partner. Raises OperatorError if there is none of this id."""
    return settings_of(find_partner(identifier))


def settings_of(partner: Partner) -> list[Shown]:
    """Return what is set for a partner; one that is not stored yet has no rules of its own."""
    return Keys(partner, _HIDDEN).all()


def set_partner_setting(identifier: str, key: str, value: str) -> Done:
    """Set one thing of a partner from text. Raises OperatorError that names what is allowed."""
    return set_partner_settings(identifier, {key: value})


def set_partner_settings(identifier: str, values: Mapping[str, Value], *, new: bool = False) -> Done:
    """Set things of a partner by their keys, from text or as they are; all of them or none.

    `new`: a rule must not be set yet. Returns what there is to say of the last rule among them. Raises OperatorError
    that names what is allowed.
    """
    with transaction.atomic():
        take_turn()  # first of all: two that change a partner at once wait here, and neither undoes the other's
        keys = Keys(find_partner(identifier), _HIDDEN)
        return keys.put(values, lambda: partner_settings(identifier), new=new)


def find_partner(identifier: str) -> Partner:
    """Return a partner. Raises OperatorError."""
    partner = Partner.objects.filter(identifier=identifier).first()
    if partner is None:
        raise OperatorError(f"There is no partner {identifier!r}; see: seonapi partner list")
    return partner
