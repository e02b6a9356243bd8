from acting.samples import Sample

from seon.backend.partners.models import Partner
from seon.backend.session_rules.actions import change_partner_rules, set_partner_rule


def partner() -> None:
    Partner.objects.create(identifier="acme", name="Acme")


SAMPLES = {
    "partner.rules": Sample(
        good=lambda by: change_partner_rules(by, "acme", {"profile": "strict", "trace": True}),
        bad=lambda by: change_partner_rules(by, "acme", {"trace": True, "profile": "lax"}),
        ready=partner,
        told="profile: 'strict'",
    ),
    "partner.rule": Sample(
        good=lambda by: set_partner_rule(by, "acme", "FLD-XPAD", "ignore"),
        bad=lambda by: set_partner_rule(by, "acme", "FLD-XPAD", "decline"),
        ready=partner,
        told="rule FLD-XPAD: ignore, partner acme: added",
    ),
}
