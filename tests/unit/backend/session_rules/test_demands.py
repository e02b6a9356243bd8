from msgspec import Struct, structs

from seon.backend.configuration.keys import all_settings
from seon.backend.partners.keys import partner_settings
from seon.backend.partners.models import Partner
from seon.backend.session_rules.demands import DEMANDS, demands_of, group, struct_of
from seon.backend.session_rules.models import SessionRules as Model
from seon.config import FileRules, PartnerFileRules, PartnerRules, SessionRules

OWNERS = {"id", "settings", "partner"}


def test_each_demand_is_a_field_of_the_model_and_each_field_of_it_a_demand() -> None:
    fields = [field.name for field in Model._meta.fields if field.name not in OWNERS]
    assert fields == [demand.name for demand in demands_of(SessionRules)] == list(DEMANDS)


def test_what_is_demanded_in_general_can_be_demanded_of_a_partner_and_empty_is_as_in_general() -> None:
    own = list(demands_of(PartnerRules))
    assert [demand.name for demand in own] == list(DEMANDS)
    assert {demand.default for demand in own} == {None}


def test_keys_of_settings_and_partners_follow_from_the_model() -> None:
    Partner.objects.create(identifier="P1", name="One")
    for shown in (all_settings(), partner_settings("P1")):
        found = {row.key: row for row in shown}
        assert list(DEMANDS) == [key for key in found if key in DEMANDS]
        assert all(found[name].meaning and found[name].allowed for name in DEMANDS)


def test_a_demand_that_is_added_to_the_structs_is_served_without_a_change_here() -> None:
    """The way from a row to the configuration knows no demand by its name: it takes those of any struct."""

    class Files(Struct, frozen=True):
        new: int | None = None

    class Rules(Struct, frozen=True):
        rules: dict[str, str] = {}
        newest: bool | None = None
        incoming: Files = Files()

    values = {"newest": True, "incoming_new": 7}
    assert struct_of(Rules, values.get, {"A": "warn"}) == Rules({"A": "warn"}, True, Files(7))
    assert [demand.name for demand in demands_of(Rules)] == list(values)


def test_what_is_empty_keeps_the_default_of_its_struct() -> None:
    assert struct_of(SessionRules, lambda _: None, {}) == SessionRules()
    assert struct_of(PartnerRules, lambda _: None, {}) == PartnerRules()


def test_the_groups_are_the_structs() -> None:
    assert "profile" in group("")
    for kind, name in ((FileRules, "incoming"), (PartnerFileRules, "outgoing")):
        assert group(name) == tuple(f"{name}_{field.name}" for field in structs.fields(kind))
