"""Sessions that run, as pages show them."""

from live_states import SESSION, session, state, tell

from seon.api_messages import LiveFile
from seon.backend.configuration.models import TracedSession
from seon.backend.panel.sessions.running import MOST, one, running, silent


def test_no_more_are_shown_than_a_page_holds_and_all_are_counted() -> None:
    tell(state(sessions=tuple(session(f"{number:032x}", since=float(number)) for number in range(MOST + 7))))
    found, number = running()
    assert (len(found), number) == (MOST, MOST + 7)
    assert found[0].session == f"{MOST + 6:032x}", "the newest first"


def test_a_bar_holds_a_file_that_is_larger_than_it_was_said_to_be() -> None:
    tell(state(sessions=(session(file_in=LiveFile("A", 50, 40), file_out=LiveFile("B\n", 0, 0)),)))
    found = one(SESSION)
    assert found is not None
    assert [(way, file.name, file.octets, file.most) for way, file in found.files] == [
        ("in", "A", 50, 50), ("out", "B\\n", 0, 1),
    ]  # fmt: skip


def test_a_trace_is_shown_as_soon_as_it_is_wanted() -> None:
    tell()
    first = one(SESSION)
    assert first is not None
    assert not first.traced
    TracedSession(session=SESSION).save()
    second = one(SESSION)
    assert second is not None
    assert second.traced


def test_clients_that_are_not_heard_of_are_named() -> None:
    tell(age=30)
    assert [client.name for client in silent()] == ["main"]
    assert one(SESSION) is None
