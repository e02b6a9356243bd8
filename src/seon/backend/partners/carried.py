"""Partners as the configuration carries them.

There may be 10,000: each table is read once, and no row becomes an object but the partner itself.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db import models

from seon.backend.configuration.admission import own_rules
from seon.backend.configuration.lines import entries_of
from seon.backend.partners.models import Partner, PartnerCertificate, PartnerCode, PartnerName
from seon.backend.session_rules.demands import struct_of
from seon.backend.session_rules.models import RuleSeverity, SessionRules
from seon.config import CertificateName, ClientPartner, PartnerRules, ServerPartner

Rows = dict[int, list[tuple[Any, ...]]]
"""The rows of a table by the key of their partner, in the order of the table."""


class Partners:
    """All partners with what belongs to them, at the moment when this is made."""

    def __init__(self) -> None:
        self._partners = list(Partner.objects.all())
        self._codes = _by_partner(PartnerCode, "code")
        self._pins = _by_partner(PartnerCertificate, "fingerprint")
        self._names = _by_partner(PartnerName, "issuer", "subject")
        severities = _by_partner(RuleSeverity, "rule", "severity")
        own = {rules.partner_id: rules for rules in SessionRules.objects.exclude(partner=None) if rules.partner_id}
        self._rules = {key: _rules(own.get(key), severities.get(key, [])) for key in {*own, *severities}}

    def of_server(self) -> Iterator[ServerPartner]:
        """Yield each as the DMZ must know it."""
        for partner in self._partners:
            yield ServerPartner(
                id=partner.identifier,
                name=partner.name,
                enabled=partner.enabled,
                ssid_codes=self._codes_of(partner),
                pins=tuple(fingerprint for (fingerprint,) in self._pins.get(partner.pk, ())),
                host=partner.host,
                port=partner.port,
                networks=entries_of(partner.networks),
                anchors=entries_of(partner.anchors),
                odette_ids=entries_of(partner.odette_ids),
                names=tuple(CertificateName(*names) for names in self._names.get(partner.pk, ())),
                sessions=partner.sessions,
                old_tls=partner.old_tls,
                admission=own_rules(partner),
                rules=self._rules.get(partner.pk, PartnerRules()),
                trace=partner.trace,
            )

    def of_client(self) -> Iterator[ClientPartner]:
        """Yield each as the inside must know it."""
        for partner in self._partners:
            yield ClientPartner(
                id=partner.identifier,
                name=partner.name,
                enabled=partner.enabled,
                ssid_codes=self._codes_of(partner),
                sessions=partner.sessions,
                rules=self._rules.get(partner.pk, PartnerRules()),
                trace=partner.trace,
            )

    def _codes_of(self, partner: Partner) -> tuple[str, ...]:
        return tuple(code for (code,) in self._codes.get(partner.pk, ()))


def _by_partner(model: type[models.Model], *fields: str) -> Rows:
    found: Rows = defaultdict(list)
    rows = model._default_manager.exclude(partner=None).values_list("partner", *fields)
    for partner, *values in rows.iterator(chunk_size=5_000):
        found[partner].append(tuple(values))
    return dict(found)


def _rules(own: SessionRules | None, severities: list[tuple[Any, ...]]) -> PartnerRules:
    value_of = own.value_of if own else lambda _: None
    return struct_of(PartnerRules, value_of, dict(severities))
