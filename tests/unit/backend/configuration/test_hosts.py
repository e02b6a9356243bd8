"""Fields for hosts and addresses; what they read is in tests/unit/test_addresses.py."""

import pytest
from django.core.exceptions import ValidationError
from django.db import models

from seon.backend.configuration.hosts import (
    ClientAddressField,
    EnteredField,
    HostField,
    ListeningAddressField,
    SourceAddressField,
)

FIELDS = (HostField, ListeningAddressField, SourceAddressField, ClientAddressField)


@pytest.mark.parametrize("kind", FIELDS)
def test_a_value_is_checked_and_brought_into_its_one_form(kind: type[EnteredField]) -> None:
    field = kind(max_length=45)
    assert field.clean(" [::FFFF:10.0.0.1] ", None) == "10.0.0.1"
    with pytest.raises(ValidationError, match=r"'10\.0\.0\.1' alone"):
        field.clean("10.0.0.1:1", None)
    with pytest.raises(ValidationError, match="cannot be blank"):
        field.clean(" ", None)
    assert kind(max_length=45, blank=True).clean(" ", None) == ""


@pytest.mark.parametrize("kind", FIELDS)
def test_a_form_shows_what_cannot_be_read_as_it_was_entered(kind: type[EnteredField]) -> None:
    field = kind(max_length=45).formfield()
    assert field.clean("[::FFFF:10.0.0.1]") == "10.0.0.1"
    assert field.clean("10.0.0.1:1") == "10.0.0.1:1"


@pytest.mark.parametrize("kind", FIELDS)
def test_migrations_know_a_plain_field(kind: type[EnteredField]) -> None:
    field = kind(max_length=45, blank=True)
    assert field.deconstruct()[1:] == models.CharField(max_length=45, blank=True).deconstruct()[1:]
    assert type(field.clone()) is kind


def test_a_value_that_is_stored_can_be_looked_for_and_saved_whatever_it_is() -> None:
    assert HostField(max_length=45).get_prep_value("10.1.2") == "10.1.2"
