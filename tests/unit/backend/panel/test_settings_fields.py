"""A field of a form says what its value does, its bounds and the default, and takes nothing else."""

from django import forms

from seon.backend.configuration.models import Settings
from seon.backend.panel.settings_fields import Lines, bounds_of, checked, field_of

STORED = {
    name: Settings._meta.get_field(name) for name in ("external_port", "journal_days_debug", "receive_daemon_host")
}


def made(**data: str) -> forms.Form:
    kind = type("Made", (forms.Form,), {name: field_of(stored, name) for name, stored in STORED.items()})
    form: forms.Form = kind(data)
    form.is_valid()
    checked(form, STORED)
    return form


def test_a_number_has_its_bounds_and_its_default_beside_it() -> None:
    field = field_of(STORED["external_port"], "Port", default=6_619)
    assert bounds_of(STORED["external_port"]) == (1, 65_535)
    assert field.help_text == "TCP/IP port of OFTP server (TLS). 1 to 65535. Default: 6619."
    assert field.required
    assert not field_of(STORED["journal_days_debug"], "Days").required


def test_what_the_model_would_refuse_is_said_at_the_field() -> None:
    form = made(external_port="x", journal_days_debug="", receive_daemon_host="sta.example:3305")
    assert form.errors["external_port"] == ["Enter a whole number from 1 to 65535."]
    assert "port '3305'" in form.errors["receive_daemon_host"][0]
    assert "journal_days_debug" not in form.errors


def test_a_text_is_taken_in_its_one_form() -> None:
    form = made(external_port="1", receive_daemon_host=" sta.example. ")
    assert form.cleaned_data["receive_daemon_host"] == "sta.example"


def test_the_ends_of_lines_of_a_browser_are_no_change() -> None:
    assert not Lines().has_changed("A*\nB*", "A*\r\nB*")
    assert Lines().has_changed("A*\nB*", "A*\r\nC*")
