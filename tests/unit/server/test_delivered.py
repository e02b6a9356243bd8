"""A delivery is read in steps, and comes to what it would be if it were read at once."""

import msgspec
import pytest

from seon.admission.steps import finished
from seon.config import ServerConfiguration, ServerPartner, ServerSettings
from seon.server.delivered import MAX_PARTNERS, NotUsable, reading


def test_it_is_the_configuration_with_this_servers_own_settings(delivery, configuration) -> None:
    own = msgspec.Raw(msgspec.json.encode(ServerSettings(external_port=7777)))
    read = finished(reading(msgspec.structs.replace(delivery, settings=own)))
    assert type(read) is ServerConfiguration
    assert read == configuration.with_settings(ServerSettings(external_port=7777))


def test_each_partner_is_a_step(delivery, configuration) -> None:
    partners = tuple(ServerPartner(f"P{number}", "x") for number in range(50))
    changed = msgspec.structs.replace(configuration, partners=partners)
    raw = msgspec.Raw(msgspec.json.encode(changed))
    assert len(list(reading(msgspec.structs.replace(delivery, configuration=raw)))) == 51
    assert finished(reading(msgspec.structs.replace(delivery, configuration=raw))) == changed


def test_more_partners_than_a_configuration_carries_are_not_usable(delivery) -> None:
    raw = msgspec.Raw(b'{"partners":[' + b",".join([b"{}"] * (MAX_PARTNERS + 1)) + b"]}")
    with pytest.raises(NotUsable, match="length <= 10000"):
        finished(reading(msgspec.structs.replace(delivery, configuration=raw)))


def test_the_largest_number_is_that_of_the_configuration() -> None:
    (field,) = [one for one in msgspec.structs.fields(ServerConfiguration) if one.name == "partners"]
    assert field.type.__metadata__[0].max_length == MAX_PARTNERS
