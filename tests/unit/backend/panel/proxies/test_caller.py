"""A client is made of a caller that is in no entry."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from live_states import ADDRESS
from panel_clients import logged_in, seen, sent

from seon.backend.acting.actors import owner
from seon.backend.journal.models import Entry
from seon.backend.proxies.actions import add_client
from seon.backend.proxies.models import ProxyClient, UnknownCaller

PAGE = reverse("panel:proxies-client-add")


def errors(panel: Client, **values: str) -> dict[str, str]:
    answer: Any = panel.post(PAGE, {"do": "add", **values}, secure=True)
    return {key: " ".join(texts) for key, texts in answer.context_data["forms"]["add"].errors.items()}


def test_a_client_is_made_of_an_unknown_caller_in_one_step() -> None:
    UnknownCaller.objects.create(address="10.0.0.9", told_at=timezone.now())
    panel = logged_in("administrator")
    where = f"{PAGE}?address=10.0.0.9"
    assert 'value="10.0.0.9"' in seen(panel, where)
    told = sent(panel, where, {"do": "add", "name": "inside2", "address": "10.0.0.9"})
    assert "The client was added." in told
    assert "Add a listening port" in told, "it leads to the page of the client"
    row = ProxyClient.objects.get()
    assert (row.name, row.address) == ("inside2", "10.0.0.9")
    assert "the-administrator (panel), client.add" in Entry.objects.filter(code="AUD-CHANGE").latest("pk").text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [("address", "10.0.0.0/8", "10.0.0.0/8"), ("address", "", "required"), ("name", "a/b", "none of them '/'"),
     ("name", "inside1", "already exists"), ("address", ADDRESS, "already exists"), ("address", "::", "::"),
     ("name", "a\0b", "Null characters")],
)  # fmt: skip
def test_a_client_that_cannot_be_is_refused_at_its_field(field: str, value: str, told: str) -> None:
    add_client(owner(), "inside1", ADDRESS)
    given = {"name": "inside2", "address": "10.0.0.9", field: value}
    assert told in errors(logged_in("administrator"), **given)[field]
    assert ProxyClient.objects.count() == 1


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_configure_makes_no_client(role: str) -> None:
    panel = logged_in(role)
    assert 'name="address"' not in seen(panel, PAGE)
    sent(panel, PAGE, {"do": "add", "name": "inside2", "address": "10.0.0.9"})
    assert not ProxyClient.objects.exists()


def test_the_address_in_the_link_is_shown_as_text() -> None:
    answer = logged_in("administrator").get(PAGE, {"address": '"><img src=x>'}, secure=True).content.decode()
    assert "<img" not in answer
