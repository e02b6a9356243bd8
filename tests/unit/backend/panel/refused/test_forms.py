"""The forms on the page of a refused certificate: for whom they are, and where an act's words stand."""

from panel.partners.visiting import refused

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.panel.refused.forms import GiveForm, MakeForm
from seon.backend.partners.actions import add_partner


def test_an_ended_certificate_is_refused_at_the_box_that_takes_it_all_the_same() -> None:
    fingerprint = refused(make("Old", days=-1))
    form = MakeForm({"identifier": "old", "name": "Old"}, about=fingerprint)
    assert not form.do(owner())
    assert "tick “Take it all the same”" in form.errors["force"][0]
    assert MakeForm({"identifier": "old", "name": "Old", "force": "on"}, about=fingerprint).do(owner())


def test_one_is_given_to_a_partner() -> None:
    add_partner(owner(), "acme", "Acme", [], [])
    fingerprint = refused(make("New"))
    wrong = GiveForm({"partner": "x"}, about=fingerprint)
    assert not wrong.do(owner())
    assert "There is no partner 'x'" in wrong.errors["partner"][0]
    form = GiveForm({"partner": " acme "}, about=fingerprint)
    assert form.do(owner())
    assert form.result.partner.identifier == "acme"
