"""A form of the panel: its act, errors at their fields, and what somebody else has changed meanwhile."""

from typing import Any

import pytest
from django import forms

from seon.backend.acting.actors import Actor, Way
from seon.backend.acting.acts import ForbiddenError
from seon.backend.acting.rights import Right
from seon.backend.configuration.actions import change_settings
from seon.backend.configuration.models import Settings
from seon.backend.errors import OperatorError
from seon.backend.panel.act_forms import ActForm

ADMINISTRATOR = Actor("admin", Way.PANEL, frozenset(Right), confirmed=True)
AUDITOR = Actor("auditor", Way.PANEL, frozenset({Right.READ}), confirmed=True)


class PortForm(ActForm):
    external_port = forms.IntegerField()
    external_address = forms.CharField(required=False)
    watches = True

    def act(self, by: Actor) -> Any:
        change_settings(by, self.changed())


def shown(**sent: object) -> PortForm:
    there = Settings.load()
    initial = {"external_port": there.external_port, "external_address": there.external_address}
    return PortForm(sent or None, initial=initial)


def test_a_form_does_its_act_with_what_was_changed() -> None:
    seen = shown().seen_now()
    assert shown(external_port=7000, seen=seen).do(ADMINISTRATOR)
    assert Settings.load().external_port == 7000


def test_what_an_act_refuses_stands_at_its_field() -> None:
    form = shown(external_port=70_000, seen=shown().seen_now())
    assert not form.do(ADMINISTRATOR)
    assert [*form.errors] == ["external_port"] or "external_port" in str(form.errors)
    assert Settings.load().external_port == 6619


def test_what_is_about_no_field_stands_above_the_form() -> None:
    class Failing(PortForm):
        def act(self, by: Actor) -> Any:
            raise OperatorError("the moon is full")

    form = Failing({"external_port": 1, "seen": shown().seen_now()}, initial={"external_port": 6619})
    form.watches = False  # type: ignore[misc]
    assert not form.do(ADMINISTRATOR)
    assert form.non_field_errors() == ["the moon is full"]


def test_the_second_of_two_is_told_what_the_first_has_changed_and_may_send_it_again() -> None:
    early = shown().seen_now()
    assert shown(external_port=7001, seen=early).do(ADMINISTRATOR)
    late = shown(external_port=7002, seen=early)
    assert not late.do(ADMINISTRATOR)
    assert "7001" in str(late.errors["external_port"])
    assert Settings.load().external_port == 7001
    assert shown(external_port=7002, seen=late.seen_now()).do(ADMINISTRATOR)
    assert Settings.load().external_port == 7002


@pytest.mark.parametrize("seen", ["", "garbage", "e30:1:x", "\0"])
def test_a_form_that_was_never_shown_changes_nothing(seen: str) -> None:
    form = shown(external_port=7003, seen=seen)
    assert not form.do(ADMINISTRATOR)
    assert Settings.load().external_port == 6619


def test_who_may_not_is_refused_by_the_act() -> None:
    with pytest.raises(ForbiddenError):
        shown(external_port=7004, seen=shown().seen_now()).do(AUDITOR)
