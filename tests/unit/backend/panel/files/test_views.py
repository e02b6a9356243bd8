"""Files: the list, the page of one, and how far it is."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from journal.story import BACK, BEGAN, FILE, Told
from live_states import SESSION, session, state, tell
from panel_clients import ROLES, logged_in, seen

from seon.api_messages import LiveFile
from seon.backend.journal.models import File
from seon.backend.journal.recording import store
from seon.backend.panel import searching

FILES = "/panel/files/"


def days() -> None:
    """A file that was delivered in a later session, one that was declined, and one under way."""
    store(Told("s1-first").start().offer(size_k=8, cipher=2, security="encrypted").done().offer(name="INVOICES")
          .done("declined by rule SIZE", name="INVOICES").end().events, "token")  # fmt: skip
    store(Told("s2-second", began=BEGAN + 86_400).start().receipt(signed=True).end().events, "token")
    store(Told(SESSION, began=BEGAN + 90_000).start(partner="umbra").offer(name="LATEST", direction="outgoing").events,
          "token")  # fmt: skip


def page_of(name: str, role: str = "auditor") -> str:
    return seen(logged_in(role), f"{FILES}{File.objects.get(name=name).pk}/")


@pytest.mark.parametrize("role", ROLES)
def test_everybody_sees_each_file_with_its_state(role: str) -> None:
    days()
    page = seen(logged_in(role), FILES)
    for text in ("ORDERS", "delivered (EERP)", "INVOICES", "declined by rule SIZE", "LATEST", "under way", "umbra"):
        assert text in page, text


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ("q=voice", ["INVOICES"], ["ORDERS"]),
        ("name=ORD", ["ORDERS"], ["INVOICES", "LATEST"]),
        ("partner=umbra", ["LATEST"], ["ORDERS"]),
        ("direction=to-partner", ["LATEST"], ["ORDERS"]),
        ("state=declined", ["INVOICES"], ["ORDERS"]),
        ("since=2023-11-15T22:30", ["LATEST"], ["ORDERS"]),
    ],
)
def test_files_are_found(query: str, there: list[str], missing: list[str]) -> None:
    days()
    page = seen(logged_in("auditor"), f"{FILES}?{query}").rpartition("<tbody>")[2]
    assert [name for name in there if name not in page] == []
    assert [name for name in missing if name in page] == []


def test_a_search_looks_through_the_table_once_and_shows_its_pages_newest_first() -> None:
    told = Told("s1-first").start()
    for number in range(60):
        told.offer(name=f"SERIES{number:02}")
    store(told.events, "token")
    auditor = logged_in("auditor")
    with CaptureQueriesContext(connection) as asked:
        first = seen(auditor, f"{FILES}?q=series")
    assert sum("LIKE" in query["sql"] for query in asked.captured_queries) == 1
    shown = [re.findall("SERIES[0-9]+", text) for text in (first, seen(auditor, f"{FILES}?q=series&page=2"))]
    assert [*shown[0], *shown[1]] == [f"SERIES{number:02}" for number in range(59, -1, -1)]
    assert len(shown[0]) == 50
    assert "Page 2 of 2" in seen(auditor, f"{FILES}?q=series&page=7")


def test_the_page_of_a_file_tells_its_way_from_the_offer_to_the_receipt() -> None:
    days()
    page = page_of("ORDERS")
    steps = ["Offered (SFID)", "End of the transfer", "Receipt (EERP)"]
    assert [step for step in steps if step in page] == steps
    assert page.index(steps[0]) < page.index(steps[1]) < page.index(steps[2])
    for text in ("/panel/sessions/s1-first/", "/panel/sessions/s2-second/", "delivered; signed", "encrypted",
                 "cipher suite 2", FILE["time"], BACK["originator"], "8.2 kB"):  # fmt: skip
        assert text in page, text


def test_a_file_that_was_sent_again_names_its_other_transfers() -> None:
    days()
    store(Told("s9-again", began=BEGAN + 95_000).start().offer().done().events, "token")
    again = File.objects.get(session="s9-again")
    page = seen(logged_in("auditor"), f"{FILES}{again.pk}/")
    assert "Other transfers of the same file" in page
    assert "The receipt of the other side has not come yet" in page


def test_a_file_under_way_shows_how_much_has_passed() -> None:
    days()
    tell(state(sessions=(session(phase="sending", file_out=LiveFile("LATEST", 1_000_000, 4_000_000)),)))
    assert "1.0 MB of 4.0 MB, 25\xa0%" in page_of("LATEST")
    row = File.objects.get(name="LATEST")
    part = seen(logged_in("auditor"), f"{FILES}{row.pk}/?part=live")
    assert "25\xa0%" in part
    assert "<html" not in part
    assert "1.0 MB of" not in page_of("ORDERS")


def test_a_file_whose_session_ended_without_a_word_of_it_says_so() -> None:
    store(Told("s1-first").start().offer().end(ended_by="crash").events, "token")
    assert "The session ended before the file did" in page_of("ORDERS")


@pytest.mark.parametrize("number", ["0", "99", "9" * 30, "x", "-1"])
def test_a_file_that_is_not_there_is_not_found(number: str) -> None:
    seen(logged_in("auditor"), f"{FILES}{number}/", 404)


def test_without_files_the_list_says_so() -> None:
    assert "No file has been offered yet" in seen(logged_in("auditor"), FILES)
    assert "No file is like that" in seen(logged_in("auditor"), f"{FILES}?partner=x")


def test_a_search_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SECONDS", 0)
    assert "The search took too long" in seen(logged_in("auditor"), f"{FILES}?q=x")


def test_what_a_partner_has_chosen_is_shown_as_text() -> None:
    evil = "<script>x"
    store(Told("s1-first").start().offer(name=evil, originator=evil, security=evil).done(f"refused {evil}", name=evil)
          .end().events, "token")  # fmt: skip
    client = logged_in("auditor")
    for path in (FILES, f"{FILES}{File.objects.get().pk}/", "/panel/sessions/s1-first/"):
        raw = client.get(path, secure=True).content.decode()
        assert evil not in raw
        assert "&lt;script&gt;x" in raw
