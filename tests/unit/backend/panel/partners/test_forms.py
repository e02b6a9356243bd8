"""The forms of a partner's page: each names the acts behind it, and tells who may only read what is set."""

import pytest

from seon.backend.acting.actors import Actor, Way, owner
from seon.backend.acting.rights import Right
from seon.backend.panel.partners import forms
from seon.backend.panel.partners.fields import PartnerForm
from seon.backend.partners.actions import add_partner
from seon.backend.session_rules.actions import change_partner_rules
from seon.backend.session_rules.demands import DEMANDS

READER = Actor("auditor", Way.PANEL, frozenset({Right.READ}))
ALL = [one for one in vars(forms).values() if isinstance(one, type) and issubclass(one, PartnerForm) and one.acts]


@pytest.mark.parametrize("form", ALL)
def test_a_form_is_for_those_who_may_do_its_act(form: type[PartnerForm]) -> None:
    assert form.may(owner())
    assert not form.may(READER)


def test_every_demand_of_a_partner_is_in_one_form() -> None:
    names = [*forms.DemandsForm.names, *forms.IncomingForm.names, *forms.OutgoingForm.names]
    assert sorted(names) == sorted(DEMANDS)


def test_who_may_only_read_is_told_what_is_set_in_words() -> None:
    partner = add_partner(owner(), "acme", "Acme", [], [], networks=["10.0.0.0/8", "192.0.2.7"])
    change_partner_rules(owner(), "acme", {"profile": "strict", "level_5_only": False, "incoming_max_octets": 0})
    partner.refresh_from_db()
    facts = dict(forms.DemandsForm(about=partner).facts())
    assert (facts["Profile"], facts["Level 5 only"]) == ("strict", "no")
    assert facts["Secure authentication"] == "as in general"
    assert dict(forms.NetworksForm(about=partner).facts()) == {"Networks": "10.0.0.0/8, 192.0.2.7/32"}
    assert dict(forms.LimitsForm(about=partner).facts()) == {"Sessions at once": "empty", "Old TLS": "no"}
    assert dict(forms.IncomingForm(about=partner).facts())["Greatest file, in octets"] == "0"
