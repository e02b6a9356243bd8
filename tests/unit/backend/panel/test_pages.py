"""What every page of the panel does alike: rights, parts, forms, buttons, and the question whether somebody is sure."""

from typing import Any

import pytest
from django import forms
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path, reverse
from panel_clients import ROLES, logged_in, seen, sent

from seon.backend.acting.actors import Actor
from seon.backend.acting.rights import Right
from seon.backend.configuration.actions import change_settings
from seon.backend.configuration.models import Settings
from seon.backend.errors import OperatorError
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.navigation import PAGES
from seon.backend.panel.pages import PanelPage
from seon.backend.urls import urlpatterns as ours

TRY, RARE = "/panel/try/", "/panel/rare/"


class PortForm(ActForm):
    external_port = forms.IntegerField(label="Port")
    watches = True

    def act(self, by: Actor) -> Any:
        change_settings(by, self.changed())


class TryPage(PanelPage):
    title = "Try"
    template = "frame/question.html"
    parts = {"small": "frame/errors.html"}
    form_classes = {"port": PortForm}
    does = ("remove", "fail")

    def shown(self) -> dict[str, Any]:
        return {"question": f"port {Settings.load().external_port} <b>", "errors": ["a <i> part"]}

    def form_options(self, name: str) -> dict[str, Any]:
        return {"initial": {"external_port": Settings.load().external_port}}

    def do_remove(self) -> HttpResponse | None:
        asked = self.ask("Really?", "Remove", "It is gone then.")
        if asked is None:
            self.say("Removed.")
        return asked

    def do_fail(self) -> HttpResponse | None:
        raise OperatorError("it cannot be done")


class RarePage(TryPage):
    right = Right.USERS


urlpatterns = [
    TryPage.at("panel/try/", "try"),
    RarePage.at("panel/rare/", "rare"),
    path("panel/", include(([], "none"))),
    *ours,
]
handler403 = "seon.backend.panel.refusing.forbidden"
pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(autouse=True)
def addresses() -> Any:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.mark.parametrize("role", ROLES)
def test_who_may_read_sees_every_page_of_the_side_bar(role: str) -> None:
    client = logged_in(role)
    for _, entries in PAGES:
        for entry in entries:
            assert str(entry.title) in seen(client, reverse(entry.page))


def test_a_page_that_takes_another_right_is_refused_to_who_has_it_not() -> None:
    seen(logged_in("operator"), RARE, 403)
    seen(logged_in("administrator"), RARE)


def test_a_part_comes_without_the_frame_and_an_unknown_one_is_not_there() -> None:
    client = logged_in("auditor")
    part = client.get(f"{TRY}?part=small", secure=True).content.decode()
    assert "a &lt;i&gt; part" in part
    assert "<html" not in part
    seen(client, f"{TRY}?part=large", 404)


def test_what_is_not_there_to_be_done_is_a_bad_request() -> None:
    client = logged_in("administrator")
    for name in ("", "dispatch", "shown", "remove\0"):
        assert client.post(TRY, {"do": name}, secure=True).status_code == 400


def test_a_button_asks_first_and_says_afterwards_what_was_done() -> None:
    client = logged_in("administrator")
    asked = sent(client, TRY, {"do": "remove", "which": "<script>"})
    assert "Really?" in asked
    assert "It is gone then." in asked
    assert 'name="which"' in asked
    assert "Removed." in sent(client, TRY, {"do": "remove", "which": "7", "seon_sure": "1"})


def test_what_cannot_be_done_is_said_on_the_page() -> None:
    assert "it cannot be done" in sent(logged_in("administrator"), TRY, {"do": "fail"})


def test_a_value_on_a_page_is_escaped() -> None:
    answer = logged_in("auditor").get(TRY, secure=True).content.decode()
    assert "&lt;b&gt;" in answer
    assert "6619 <b>" not in answer
