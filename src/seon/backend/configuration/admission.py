"""Who may come in, as it is set: the fields of `config.AdmissionRules`, in general and as one partner differs.

A field `usage` of that struct is the key `admission_usage` of `seonapi set`, and of `seonapi partner set` where
`config.PartnerAdmission` has it too. A partner's is empty where it is as in general.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args

from django.db import models
from msgspec import structs

from seon.config import AdmissionRules, PartnerAdmission, Revocation, Weight

PREFIX = "admission_"
GENERAL = tuple(PREFIX + field.name for field in structs.fields(AdmissionRules))
"""The keys in general."""
OWN = tuple(PREFIX + field.name for field in structs.fields(PartnerAdmission))
"""The keys of a partner."""
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "usage": "Certificates whose extended key usage does not name client or server authentication.",
        "unreadable": "Certificates whose extensions cannot be read.",
        "weak_key": "RSA keys below admission_rsa_bits, and elliptic curves below 256 bits.",
        "weak_signature": "Certificates below an anchor that are signed with SHA-1 or MD5.",
        "revocation": "Revocation lists: hard: who is not shown to be good is refused; soft: only who is revoked; "
        "ignore: they are not asked.",
    }
)
_AS_IN_GENERAL = ("", "as in general")


def _words(name: str) -> tuple[str, ...]:
    return get_args(Revocation) if name == "revocation" else get_args(Weight)


def weight_in_general(name: str) -> "models.CharField[str, str]":
    """Return the field of the settings for a field of `config.AdmissionRules`."""
    default: str = getattr(AdmissionRules(), name)
    choices = [(word, word) for word in _words(name)]
    return models.CharField(max_length=10, choices=choices, default=default, help_text=MEANINGS[name])


def weight_of_partner(name: str) -> "models.CharField[str, str]":
    """Return the field of a partner for a field of `config.PartnerAdmission`; empty: as in general."""
    choices = [_AS_IN_GENERAL, *((word, word) for word in _words(name))]
    text = f"{MEANINGS[name].removesuffix('.')}; empty: as in general."
    return models.CharField(max_length=10, choices=choices, blank=True, default="", help_text=text)


def general_rules(row: Any) -> AdmissionRules:
    """Return what the settings say."""
    return AdmissionRules(**{key.removeprefix(PREFIX): getattr(row, key) for key in GENERAL})


def own_rules(row: Any) -> PartnerAdmission:
    """Return how a partner differs."""
    return PartnerAdmission(**{key.removeprefix(PREFIX): getattr(row, key) or None for key in OWN})
