from django.contrib.auth.models import User

from seon.backend.configuration.keys import set_setting
from seon.backend.journal.models import Entry
from seon.backend.partners.models import Partner
from seon.backend.proxies.models import ProxyServer
from seon.backend.trust.models import Token


def changes() -> list[str]:
    return list(Entry.objects.filter(code="AUD-CHANGE").order_by("pk").values_list("text", flat=True))


def test_each_change_has_the_old_and_the_new_values() -> None:
    partner = Partner.objects.create(identifier="P1", name="One")
    partner.port = 7_000
    partner.host = "p1.example"
    partner.save()
    partner.enabled = False
    partner.save()
    partner.delete()
    told = [text.partition(": ")[2] for text in changes()]
    assert told == [
        "partner P1: added; identifier: 'P1'; name: 'One'",
        "partner P1: host: empty to 'p1.example'; port: 6619 to 7000",
        "partner P1: enabled: yes to no",
        "partner P1: removed",
    ]


def test_a_long_value_is_counted_and_a_hostile_one_is_escaped() -> None:
    partner = Partner.objects.create(identifier="P1", name="One")
    partner.name = "a\x1b[31m'; b"
    partner.save()
    assert "name: 'One' to 'a" in changes()[-1]
    assert "\x1b" not in changes()[-1]
    set_setting("incoming_names", ",".join(f"NAME{number}" for number in range(90)))
    assert "incoming_names: '" not in changes()[-1]
    assert "characters)" in changes()[-1]


def test_it_says_who_and_that_no_act_did_it() -> None:
    set_setting("external_port", "7000")
    partner = Partner(identifier="P1", name="One")
    partner._history_user = User.objects.create(username="anna")
    partner.save()
    by_itself, by_panel = changes()
    assert by_itself.startswith("Seonapi (Seonapi itself), without an act: settings")
    assert by_panel.startswith("anna (panel), without an act: partner")


def test_the_servers_of_a_token_have_their_old_and_new_values_too() -> None:
    one, two = (ProxyServer.objects.create(proxy_id=letter * 64 + "px", name=letter) for letter in "ab")
    token = Token.objects.create(name="client", digest="d" * 64)
    token.servers.set([one])
    token.servers.set([two])
    token.servers.clear()
    told = [text.partition(": ")[2] for text in changes() if "security token" in text]
    assert [text.partition(": ")[2] for text in told if "servers" in text] == [
        "servers: empty to 'a'", "servers: 'a' to empty", "servers: empty to 'b'", "servers: 'b' to empty",
    ]  # fmt: skip
