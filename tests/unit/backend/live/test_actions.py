import pytest
from live_states import ADDRESS, SESSION, session, state, tell

from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.live.actions import drain_client, end_link, kill_session
from seon.backend.live.models import LiveOrder
from seon.backend.live.orders import Place, fetch
from seon.backend.proxies.actions import add_client


def test_the_order_to_end_a_session_goes_to_the_client_at_which_it_runs() -> None:
    tell(state(), address="10.0.0.6")
    ours = tell()
    kill_session(owner(), SESSION)
    assert fetch(Place(ours.pk, "10.0.0.6")) == ()
    [order] = fetch(Place(ours.pk, ADDRESS))
    assert (order.what, order.session, order.reason) == ("kill", SESSION, 99)


@pytest.mark.parametrize(
    ("name", "reason", "told"),
    [("fedcba9876543210", 99, "No session that runs begins with 'fedcba9876543210'"), ("0123", 99, "first 8"),
     (SESSION, 2, "99 or 05, not 2"), ("01234567", 99, "More than one session")],
)  # fmt: skip
def test_what_session_cannot_be_ended_is_said(name: str, reason: int, told: str) -> None:
    tell(state(sessions=(session(), session(f"01234567{'f' * 24}"))))
    with pytest.raises(OperatorError, match=told):
        kill_session(owner(), name, reason)
    assert not LiveOrder.objects.exists()


def test_a_session_of_a_client_that_is_not_heard_of_cannot_be_ended() -> None:
    tell(age=11)
    with pytest.raises(OperatorError, match="No session that runs"):
        kill_session(owner(), SESSION)


def test_a_client_is_named_by_what_people_know_of_it() -> None:
    tell()
    add_client(owner(), "inside1", ADDRESS)
    for name in ("inside1", ADDRESS, "main", f"main/{ADDRESS}"):
        assert drain_client(owner(), name).address == ADDRESS
    assert LiveOrder.objects.count() == 1, "the same order is given once while it waits"


def test_which_client_cannot_get_an_order_is_said() -> None:
    with pytest.raises(OperatorError, match="heard of are: none"):
        end_link(owner(), "main")
    tell(age=11)
    with pytest.raises(OperatorError, match=r"'main' is not heard of since 20.* UTC"):
        end_link(owner(), "main")
    tell()
    tell(address="10.0.0.6")
    with pytest.raises(OperatorError, match=r"by its token and address: main/10\.0\.0\.5, main/10\.0\.0\.6"):
        end_link(owner(), "main")
    assert end_link(owner(), "main/10.0.0.6").address == "10.0.0.6"
