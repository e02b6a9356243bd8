"""What the overview knows is what is stored and what the clients have told."""

from datetime import timedelta

from django.utils import timezone
from live_states import PROXY_ID, server, state, tell

from seon.backend.acting.actors import owner
from seon.backend.configuration.actions import change_settings
from seon.backend.journal.models import File, FileState, Way
from seon.backend.panel.overview.facts import gather
from seon.backend.partners.models import Partner
from seon.backend.proxies.models import ProxyServer
from seon.backend.trust.licenses import new_license
from seon.backend.trust.models import License, Token


def test_of_an_empty_installation_everything_is_missing() -> None:
    facts = gather()
    assert (facts.servers, facts.clients, facts.tokens, facts.partners, facts.listeners) == ((), (), 0, 0, 0)
    assert (facts.own_until, facts.last_file, facts.had_session, facts.receive_daemon) == (None, None, False, "")
    assert facts.daemon is not None
    assert facts.daemon.away
    assert facts.free_octets > 0


def test_a_server_is_known_by_its_license_and_by_what_a_client_tells() -> None:
    new_license(PROXY_ID, 90, "anna")
    tell(state(servers=(server(), server(place="other:2878", proxy_id="", linked=False))), "main", "10.0.0.7")
    tell(state(servers=(server(linked=False),)), "second", "10.0.0.8")
    known, other = gather().servers
    assert (known.proxy_id, known.up, known.takes_sessions, len(known.links)) == (PROXY_ID, True, True, 2)
    assert known.link is not None
    assert known.link.client.name == "main"
    assert known.license_until is not None
    assert 89 <= (known.license_until - timezone.now()).days <= 90
    assert (other.name, other.licensed, other.up) == ("other:2878", False, False)


def test_a_withdrawn_license_and_a_silent_client_count_for_nothing() -> None:
    new_license(PROXY_ID, 90, "anna")
    License.objects.update(withdrawn_at=timezone.now())
    tell(state(servers=(server(),)), age=60)
    (known,) = gather().servers
    assert known.licensed
    assert known.license_until is None
    assert not known.up
    assert gather().heard == ()


def test_the_limit_is_that_of_the_servers_that_are_linked() -> None:
    change_settings(owner(), {"sessions": 70})
    tell(state(servers=(server(), server(place="b", proxy_id="f" * 66))))
    ProxyServer.objects.create(proxy_id=PROXY_ID, sessions=30)
    assert gather().limit == 100
    assert gather().changed_at is not None


def test_tokens_and_partners_count_while_they_are_in_force() -> None:
    token = tell()
    Partner.objects.create(identifier="acme", name="Acme")
    Partner.objects.create(identifier="off", name="Off", enabled=False)
    assert (gather().tokens, gather().partners) == (1, 1)
    Token.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(days=1))
    assert gather().tokens == 0


def test_the_last_file_is_the_newest_that_was_transferred() -> None:
    now = timezone.now()
    common = {"session": "s", "direction": Way.FROM_PARTNER, "name": "ORDERS", "offer_key": 1}
    File.objects.create(
        **common, at=now - timedelta(hours=1), ended_at=now - timedelta(minutes=50), state=FileState.TRANSFERRED
    )
    File.objects.create(**common, at=now, ended_at=now, state=FileState.REFUSED)
    assert gather().last_file == now - timedelta(minutes=50)
