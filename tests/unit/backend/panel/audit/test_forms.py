"""What the audit is asked for, read from an address."""

from django.http import QueryDict

from seon.backend.panel.audit.forms import KINDS, AuditFilter
from seon.events import CATALOGUE


def test_an_address_asks_for_entries_of_the_audit_alone() -> None:
    wanted = AuditFilter(QueryDict("user=anna&act=partner.add&what=acme&kind=AUD-CHANGE&group=file")).wanted()
    assert (wanted.group, wanted.code) == ("audit", "AUD-CHANGE")
    assert wanted.said == {"user": "anna", "act": "partner.add", "what": "acme"}
    assert AuditFilter(QueryDict("act=nothing&kind=x")).wanted().said == {}


def test_every_kind_of_the_audit_can_be_chosen() -> None:
    assert {kind.code for kind in CATALOGUE.values() if kind.group == "audit"} == set(KINDS)
