"""No change of what the snapshot holds slips by the version counter."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from seon.backend.configuration.models import Settings
from seon.backend.configuration.versioned import Versioned, read_version
from seon.backend.partners.models import Partner, PartnerCode
from seon.backend.proxies.models import ProxyServer
from seon.backend.trust.models import Token
from seon.link.identity import Ed25519PrivateKey, proxy_id_of


@pytest.fixture
def partner() -> Partner:
    made = Partner(identifier="P1", name="One")
    made.save()
    return made


CHANGES: dict[str, Callable[[Partner], object]] = {
    "save": Partner.save,
    "delete": Partner.delete,
    "update": lambda _: Partner.objects.update(port=7_000),
    "filtered update": lambda _: Partner.objects.filter(pk=1).exclude(pk=2).update(port=7_000),
    "query set delete": lambda _: Partner.objects.all().delete(),
    "create": lambda _: Partner.objects.create(identifier="P2", name="Two"),
    "get_or_create": lambda _: Partner.objects.get_or_create(identifier="P2", defaults={"name": "Two"}),
    "update_or_create": lambda _: Partner.objects.update_or_create(identifier="P1", defaults={"port": 1}),
    "bulk_create": lambda _: Partner.objects.bulk_create([Partner(identifier="P2", name="Two")]),
    "bulk_update": lambda partner: Partner.objects.bulk_update([partner], ["name"]),
    "related create": lambda partner: partner.codes.create(code="O0013"),
    "related update": lambda partner: partner.codes.update(code="O0014"),
    "base manager": lambda _: Partner._base_manager.update(port=7_000),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_way_of_changing_a_model_raises_the_version(
    partner: Partner, change: Callable[[Partner], object]
) -> None:
    before = read_version()
    change(partner)
    assert read_version() > before


def test_only_what_is_new_must_be_valid(partner: Partner) -> None:
    Partner.objects.update(host="a b", port=0)
    partner.refresh_from_db()
    partner.name = "Other"
    partner.save()
    partner.host = "a c"
    with pytest.raises(ValidationError) as refused:
        partner.save()
    assert list(refused.value.message_dict) == ["host"]
    with pytest.raises(ValidationError):
        Partner(identifier="P2", name="Two", host="a b").save()
    with pytest.raises(ValidationError):
        Partner(pk=partner.pk + 1, identifier="P2", name="Two", host="a b").save()


def test_a_cascade_raises_the_version(partner: Partner) -> None:
    PartnerCode.objects.create(partner=partner, code="O0013")
    before = read_version()
    Partner.objects.filter(pk=partner.pk).delete()
    assert not PartnerCode.objects.exists()
    assert read_version() > before


def test_a_changed_relation_raises_the_version() -> None:
    server = ProxyServer.objects.create(proxy_id=proxy_id_of(Ed25519PrivateKey.generate().public_key()))
    token = Token.objects.create(name="t", digest="0" * 64)
    for change, given in ((token.servers.add, server), (token.servers.remove, server), (server.token_set.add, token)):
        before = read_version()
        change(given)
        assert read_version() > before


def test_reading_raises_nothing(partner: Partner) -> None:
    before = read_version()
    list(Partner.objects.prefetch_related("codes"))
    Partner.objects.get_or_create(identifier="P1")
    assert read_version() == before


def test_a_change_that_is_rolled_back_takes_its_version_along(partner: Partner) -> None:
    before = read_version()
    with transaction.atomic():
        partner.save()
        assert read_version() > before
        transaction.set_rollback(True)
    assert read_version() == before


def test_what_does_not_validate_is_not_saved_and_raises_nothing(partner: Partner) -> None:
    before = read_version()
    partner.port = 70_000
    with pytest.raises(ValidationError):
        partner.save()
    assert read_version() == before


def test_everything_that_the_snapshot_reads_is_versioned() -> None:
    from django.db.models import Model

    from seon.backend import snapshot

    read = [item for item in vars(snapshot).values() if isinstance(item, type) and issubclass(item, Model)]
    assert len(read) >= 4
    assert all(issubclass(model, Versioned) for model in read)


def test_there_is_one_row_of_settings() -> None:
    Settings(external_port=7_000).save()
    with pytest.raises(ValidationError):
        Settings(external_port=7_001).save()
    assert list(Settings.objects.values_list("pk", "external_port")) == [(1, 7_000)]
