"""The forms of clients and ports know what a client's name and address may be."""

from seon.backend.acting.actors import owner
from seon.backend.panel.proxy.client_forms import NewClient, suggested_partners
from seon.backend.partners.actions import add_partner
from seon.backend.proxies.models import ProxyClient


def test_a_client_takes_its_address_in_one_form() -> None:
    form = NewClient({"name": "main", "address": "::1"})
    assert form.do(owner()), form.errors
    assert ProxyClient.objects.get().address == "127.0.0.1"


def test_an_address_that_another_client_has_is_said_at_its_field() -> None:
    NewClient({"name": "main", "address": "::1"}).do(owner())
    form = NewClient({"name": "other", "address": "127.0.0.1"})
    assert not form.do(owner())
    assert list(form.errors) == ["address"]


def test_partners_are_suggested_by_id_and_name() -> None:
    add_partner(owner(), "acme", "ACME Ltd", ["O0013ACME"], [])
    assert suggested_partners() == [("acme", "ACME Ltd")]
