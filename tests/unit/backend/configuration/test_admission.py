from importlib import import_module

import pytest
from django.apps import apps
from msgspec import structs

from seon.backend.configuration.admission import GENERAL, MEANINGS, OWN, PREFIX, general_rules, own_rules
from seon.backend.configuration.keys import all_settings, set_setting
from seon.backend.configuration.models import Settings
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.partners.models import Partner
from seon.config import AdmissionRules, PartnerAdmission


def test_nothing_set_means_what_the_product_means() -> None:
    assert general_rules(Settings.load()) == AdmissionRules()
    assert own_rules(Partner()) == PartnerAdmission()


def test_every_field_of_the_configuration_can_be_set_and_has_a_meaning() -> None:
    keys = {row.key: row for row in all_settings()}
    assert set(GENERAL) <= set(keys)
    assert all(keys[key].meaning and keys[key].allowed for key in GENERAL)
    assert set(OWN) <= set(GENERAL)
    assert set(OWN) == {PREFIX + name for name in MEANINGS}
    assert all(hasattr(Partner, key) for key in OWN)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("admission_usage", "refuse", "refuse"),
        ("admission_unreadable", "ignore", "ignore"),
        ("admission_weak_key", "warn", "warn"),
        ("admission_weak_signature", "warn", "warn"),
        ("admission_rsa_bits", "3072", 3_072),
        ("admission_revocation", "hard", "hard"),
        ("admission_crl_days", "1", 1),
        ("admission_ca_names", "yes", True),
    ],
)
def test_what_is_set_is_what_the_server_gets(key: str, text: str, value: object) -> None:
    before = read_version()
    set_setting(key, text)
    assert general_rules(Settings.load()) == structs.replace(AdmissionRules(), **{key.removeprefix(PREFIX): value})
    assert read_version() > before


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("admission_usage", "require", "allowed: refuse, warn, ignore$"),
        ("admission_usage", "", "allowed: refuse, warn, ignore$"),
        ("admission_revocation", "refuse", "allowed: hard, soft, ignore$"),
        ("admission_rsa_bits", "512", "allowed: 1024 to 8192$"),
        ("admission_crl_days", "0", "allowed: 1 to 366$"),
        ("load_balancers", "10.0.0.0/40", "allowed: IP addresses and networks"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(key: str, text: str, told: str) -> None:
    with pytest.raises(OperatorError, match=told):
        set_setting(key, text)


@pytest.mark.parametrize(("before", "after"), [(64, 1_000), (65, 65), (1_000, 1_000)])
def test_an_old_installation_with_the_former_default_gets_the_new_one(before: int, after: int) -> None:
    set_setting("handshakes", str(before))
    version = read_version()
    import_module("seon.backend.configuration.migrations.0003_admission").more_places(apps, None)
    assert Settings.load().handshakes == after
    assert (read_version() > version) == (before != after)
