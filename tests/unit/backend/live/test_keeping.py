import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from live_states import ADDRESS, RUN, session, state, token

from seon.api_messages import LiveState, LiveUnchanged
from seon.backend.configuration.versioned import read_version
from seon.backend.journal.models import Entry
from seon.backend.live import keeping
from seon.backend.live.keeping import forget_withdrawn, keep, still_holds
from seon.backend.live.models import LastState
from seon.backend.trust.models import Token


def test_the_last_state_of_a_client_takes_the_place_of_the_one_before() -> None:
    ours = token()
    version, entries = read_version(), Entry.objects.count()
    keep(ours, ADDRESS, state(1))
    keep(ours, ADDRESS, state(2, sessions=(session(),)))
    row = LastState.objects.get()
    assert (row.run, row.number) == (RUN, 2)
    assert msgspec.json.decode(bytes(row.state), type=LiveState) == state(2, sessions=(session(),))
    assert (read_version(), Entry.objects.count()) == (version, entries), "no matter for version and journal"


def test_a_state_that_comes_again_costs_one_statement() -> None:
    ours = token()
    keep(ours, ADDRESS, state(1))
    with CaptureQueriesContext(
        connection,
    ) as statements:
        keep(ours, ADDRESS, state(2))
        assert still_holds(ours, ADDRESS, LiveUnchanged(run=RUN, number=2))
    assert len(statements) == 2


def test_a_client_is_heard_of_only_by_the_state_that_is_kept() -> None:
    ours = token()
    said = LiveUnchanged(run=RUN, number=1)
    assert not still_holds(ours, ADDRESS, said), "nothing is kept"
    keep(ours, ADDRESS, state(1))
    before = LastState.objects.get().heard_at
    assert still_holds(ours, ADDRESS, said)
    assert LastState.objects.get().heard_at > before
    assert not still_holds(ours, ADDRESS, LiveUnchanged(run=RUN, number=2))
    assert not still_holds(ours, ADDRESS, LiveUnchanged(run="run-00000002", number=1))
    assert not still_holds(ours, "10.0.0.6", said)
    assert not still_holds(token("other"), ADDRESS, said)


def test_who_has_a_token_cannot_fill_the_database_from_many_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_ADDRESSES", 3)
    keep(token("other"), "10.9.9.9", state())
    for number in range(6):
        keep(token(), f"10.0.0.{number}", state())
    kept = LastState.objects.order_by("address").values_list("address", flat=True)
    assert list(kept) == ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.9.9.9"]


def test_what_a_newer_client_says_besides_is_not_kept() -> None:
    sent = msgspec.json.decode(msgspec.json.encode(state())) | {"news": "x" * 100_000}
    keep(token(), ADDRESS, msgspec.json.decode(msgspec.json.encode(sent), type=LiveState))
    assert len(bytes(LastState.objects.get().state)) < 1_000


def test_states_of_withdrawn_tokens_go() -> None:
    keep(token(), ADDRESS, state())
    keep(token("other"), ADDRESS, state())
    assert forget_withdrawn() == 0
    Token.objects.filter(name="other").update(withdrawn_at="2026-01-01T00:00:00Z")
    assert forget_withdrawn() == 1
    assert LastState.objects.get().token.name == "main"
