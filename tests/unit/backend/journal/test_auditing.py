from django.contrib.auth.models import User

from seon.backend.configuration.keys import set_setting
from seon.backend.journal.models import Entry
from seon.backend.partners.models import Partner


def changes() -> list[str]:
    return list(Entry.objects.filter(code="AUD-CHANGE").order_by("pk").values_list("text", flat=True))


def test_each_change_of_the_configuration_is_an_event_with_its_fields() -> None:
    partner = Partner.objects.create(identifier="P1", name="One")
    partner.port = 7_000
    partner.host = "p1.example"
    partner.save()
    partner.delete()
    told = [text.partition(" changed ")[2] for text in changes()]
    assert told == ["partner P1: added", "partner P1: host, port", "partner P1: removed"]


def test_it_says_who(monkeypatch: object) -> None:
    set_setting("external_port", "7000")
    partner = Partner(identifier="P1", name="One")
    partner._history_user = User.objects.create(username="anna")
    partner.save()
    by_command, by_panel = changes()
    assert "(command line) changed settings" in by_command
    assert by_panel.startswith("anna changed partner")
