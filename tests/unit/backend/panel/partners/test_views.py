"""The list of partners: who is in which state, found and sorted, and switched on and off."""

from html import unescape

import pytest
from django.conf import settings
from panel.partners.visiting import Visitor, acts

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.partners.actions import add_partner, disable_partner
from seon.backend.partners.models import Partner

LIST = "partners/"
PIN = make("Acme pin", days=400)


@pytest.fixture(autouse=True)
def partners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    add_partner(owner(), "acme", "Acme AG", ["O0013ACME"], [PIN.pem.encode()])
    add_partner(owner(), "ended", "Ended Ltd", [], [make("Ended", days=-3).pem.encode()], force=True)
    add_partner(owner(), "nothing", "<b>Nothing</b> {{ 7*7 }}", [f"O0013N{number}" for number in range(5)], [])
    disable_partner(owner(), add_partner(owner(), "off", "Off SA", [], []).identifier)


def test_the_list_says_of_each_partner_whether_it_can_come_in_and_why_not() -> None:
    page = Visitor("auditor").open(LIST)
    assert "O0013N0, O0013N1, O0013N2 and 2 more" in page
    for text in ("its certificate has ended", "it has no certificate, Odette ID or certificate name", "disabled"):
        assert text in page
    assert "ended 3 days ago" in page or "ended 2 days ago" in page
    assert 'href="/panel/partners/id-acme/"' in page


def test_names_are_escaped() -> None:
    source = Visitor("auditor").source(LIST)
    assert "&lt;b&gt;Nothing&lt;/b&gt; {{ 7*7 }}" in source
    assert "<b>Nothing" not in source


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("q=ACME+ag", {"acme"}),
        ("q=O0013N4", {"nothing"}),
        pytest.param(f"q={PIN.fingerprint[:12].upper()}", {"acme"}, id="fingerprint"),
        ("q=CN=Ended", {"ended"}),
        ("q=nobody", set()),
        ("state=disabled", {"off"}),
        ("state=hindered", {"ended", "nothing"}),
        ("state=ending", {"ended"}),
        ("state=wrong", {"acme", "ended", "nothing", "off"}),
        ("q=%00", {"acme", "ended", "nothing", "off"}),
        ("q=" + "x" * 300, {"acme", "ended", "nothing", "off"}),
        ("page=99999999999999999999&sort=-nothing", {"acme", "ended", "nothing", "off"}),
    ],
)
def test_partners_are_found_by_what_the_address_asks_for(asked: str, ids: set[str]) -> None:
    page = Visitor("auditor").open(f"{LIST}?{asked}")
    assert {one for one in ("acme", "ended", "nothing", "off") if f'/panel/partners/id-{one}/"' in page} == ids


def test_partners_are_sorted_by_what_a_heading_asks_for() -> None:
    page = Visitor("auditor").open(f"{LIST}?sort=-name")
    places = [page.index(f"/panel/partners/id-{one}/") for one in ("off", "ended", "acme", "nothing")]
    assert places == sorted(places)


def test_an_operator_switches_partners_off_and_on_and_is_asked_before_it_does_harm() -> None:
    operator = Visitor("operator")
    chosen = {"do": "disable", "chosen": ["acme", "nothing"]}
    page = operator.send(LIST, chosen)
    assert "Disable 2 partners?" in page
    assert "running sessions end within 5 seconds" in page
    assert Partner.objects.get(identifier="acme").enabled
    assert "2 partners are disabled" in operator.send(LIST, {**chosen, "seon_sure": "1"})
    assert not Partner.objects.filter(identifier__in=["acme", "nothing"], enabled=True).exists()
    assert "1 partner is enabled" in operator.send(LIST, {"do": "enable", "chosen": ["acme"]})
    assert acts()[-3:] == ["partner.disable", "partner.disable", "partner.enable"]
    assert "Add a partner" not in operator.open(LIST)


def test_one_that_is_not_there_any_more_hinders_nothing_else_from_being_as_it_was() -> None:
    page = unescape(Visitor("operator").send(LIST, {"do": "disable", "chosen": ["acme", "gone"], "seon_sure": "1"}))
    assert "Nothing was changed: There is no partner 'gone'" in page
    assert Partner.objects.get(identifier="acme").enabled


def test_an_auditor_switches_nothing() -> None:
    auditor = Visitor("auditor")
    assert "Disable the chosen ones" not in auditor.open(LIST)
    assert auditor.is_denied(LIST, {"do": "disable", "chosen": ["acme"], "seon_sure": "1"})
    assert Partner.objects.get(identifier="acme").enabled


def test_without_a_partner_the_page_says_how_to_begin() -> None:
    Partner.objects.all().delete()
    assert "There is no partner yet" in Visitor().open(LIST)
