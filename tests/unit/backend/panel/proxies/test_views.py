"""The page "Proxies": what it says of servers and clients, and its buttons."""

import pytest
from django.urls import reverse
from django.utils import timezone
from live_states import ADDRESS, PROXY_ID, listener, server, session, state, tell
from panel_clients import logged_in, seen, sent

from seon.api_messages import OrderDone
from seon.backend.acting.actors import owner
from seon.backend.configuration.versioned import read_version
from seon.backend.journal.models import Entry
from seon.backend.live.models import LiveOrder
from seon.backend.live.orders import Place, acknowledge
from seon.backend.proxies.actions import add_client
from seon.backend.proxies.models import UnknownCaller
from seon.backend.trust.license_actions import issue_license

PAGE = reverse("panel:proxies")
EVIL = "<img src=x onerror=alert(1)>{{ 7*7 }}"


def works() -> Place:
    """Make a server with a license and a client that is linked to it."""
    issue_license(owner(), PROXY_ID, 365)
    add_client(owner(), "inside1", ADDRESS)
    token = tell()
    now = read_version()
    tell(state(
        version=now, servers=(server(version=now, sessions=1),), sessions=(session(),), listeners=(listener(),),
        receive_daemon="sta.example:3305", receive_daemon_reached=True,
    ))  # fmt: skip
    return Place(token.pk, ADDRESS)


def test_the_empty_page_says_how_servers_and_clients_come() -> None:
    page = seen(logged_in("administrator"), PAGE)
    assert "There is no server yet" in page
    assert "There is no client yet" in page
    assert "seon_proxyserver2 -L" in page


@pytest.mark.parametrize("query", ["", "?part=now"])
def test_what_works_is_said_of_each_server_and_client(query: str) -> None:
    works()
    page = seen(logged_in("auditor"), PAGE + query)
    for words in (
        PROXY_ID, "Linked", "0.0.0.0:6619", f"configuration {read_version()}", "inside1, to dmz.example:2878",
        "364 days left", "inside1", "Runs", "sta.example:3305", "reached", "1 of 1 open",
    ):  # fmt: skip
        assert words in page
    assert "not yet in force" not in page
    assert ("<html" in page) == (not query)


def test_what_does_not_work_is_said_with_the_reason() -> None:
    works()
    now = read_version()
    tell(state(
        version=now - 1, servers=(server(version=now - 1, external_open=False, external_reason="Address in use"),),
        listeners=(listener(open=False, reason="Permission denied"),), receive_daemon="sta.example:3305",
        receive_daemon_reached=False, receive_daemon_reason="connection refused", events_waiting=7,
    ))  # fmt: skip
    page = seen(logged_in("auditor"), PAGE)
    for words in ("closed", "Address in use", "Permission denied", "connection refused", "not reached", "0 of 1 open",
                  "not yet in force", "Events that wait"):  # fmt: skip
        assert words in page


def test_of_a_client_that_is_not_heard_of_nothing_is_said_to_run() -> None:
    works()
    tell(age=11)
    page = seen(logged_in("administrator"), PAGE)
    assert "Not heard of" in page
    assert "Client inside1 is not heard of" in page
    assert 'value="drain"' not in page, "nobody would take the order"
    for words in ("Runs", "Linked", ">open<"):
        assert words not in page


def test_a_client_that_never_called_and_a_server_that_nobody_dials_say_what_to_do() -> None:
    issue_license(owner(), PROXY_ID, 365)
    add_client(owner(), "inside1", ADDRESS)
    page = seen(logged_in("auditor"), PAGE)
    assert "Never heard of" in page
    assert "No client has a link to it" in page


def test_a_server_without_a_license_in_force_says_so() -> None:
    from seon.backend.trust.models import License

    works()
    License.objects.update(withdrawn_at=timezone.now())
    assert "none in force" in seen(logged_in("auditor"), PAGE)


def test_a_client_is_drained_after_a_question_and_the_page_says_what_becomes_of_it() -> None:
    place, panel = works(), logged_in("administrator")
    button = {"do": "drain", "client": f"main/{ADDRESS}"}
    assert "1 run" in sent(panel, PAGE, button)
    assert not LiveOrder.objects.exists()
    assert "on its way" in sent(panel, PAGE, {**button, "seon_sure": "1"})
    order = LiveOrder.objects.get()
    assert (order.what, order.token_id, order.address) == ("drain", *place)
    acknowledge(place, [OrderDone(id=order.key, done=True, reason=EVIL)])
    page = panel.get(f"{PAGE}?part=now", secure=True).content.decode()
    assert "&lt;img src=x" in page
    assert "<img" not in page
    tell(state(draining=True))
    page = seen(panel, PAGE)
    assert "Draining" in page
    assert 'value="resume"' in page
    for name in ("resume", "end_link"):
        sent(panel, PAGE, {**button, "do": name, "seon_sure": "1"})
    assert set(LiveOrder.objects.values_list("what", flat=True)) == {"drain", "resume", "end-link"}
    said = Entry.objects.filter(code="AUD-CHANGE", text__contains="ordered:").values_list("text", flat=True)
    assert len(said) == 3
    assert all(text.startswith("the-administrator (panel), client.") for text in said)


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_configure_has_no_button_and_gives_no_order(role: str) -> None:
    works()
    UnknownCaller.objects.create(address="10.0.0.9", told_at=timezone.now())
    panel = logged_in(role)
    page = seen(panel, PAGE)
    assert 'name="do"' not in page.partition("<main")[2] or 'value="drain"' not in page
    assert "Make a client of this" not in page
    for name in ("drain", "resume", "end_link"):
        sent(panel, PAGE, {"do": name, "client": f"main/{ADDRESS}", "seon_sure": "1"})
    assert not LiveOrder.objects.exists()


def test_an_order_for_a_client_that_is_not_there_is_refused_in_words() -> None:
    panel = logged_in("administrator")
    for name in ("", "nobody/10.0.0.1", "\0", "x" * 5_000):
        assert "heard of are: none" in sent(panel, PAGE, {"do": "drain", "client": name})


def test_an_unknown_caller_stands_on_the_page_until_it_is_a_client() -> None:
    UnknownCaller.objects.create(address="10.0.0.9", told_at=timezone.now())
    panel = logged_in("administrator")
    page = seen(panel, PAGE)
    assert "A client calls from an unknown address" in page
    assert f'{reverse("panel:proxies-client-add")}?address=10.0.0.9"' in page
    add_client(owner(), "inside2", "10.0.0.9")
    assert "unknown address" not in seen(panel, PAGE)


def test_what_a_client_says_is_shown_as_text_and_nothing_else() -> None:
    works()
    tell(state(
        build=EVIL, receive_daemon=EVIL, receive_daemon_reached=False, receive_daemon_reason=EVIL,
        servers=(server(place=EVIL, linked=False, reason=EVIL, build=EVIL, external_reason=EVIL),),
        listeners=(listener(partner="acme", open=False, reason=EVIL),),
    ))  # fmt: skip
    page = logged_in("auditor").get(PAGE, secure=True).content.decode()
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;{{ 7*7 }}") >= 5
