"""The forms of tokens: who may use one and how long; what is wrong is told, and what nobody touched stays."""

import datetime as dt

import pytest
from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.panel.moments import FORM, to_the_minute
from seon.backend.panel.tokens.forms import ChangeForm, NewForm, RotateForm
from seon.backend.proxies.actions import add_client
from seon.backend.trust.licenses import new_license
from seon.backend.trust.models import Token
from seon.backend.trust.token_actions import new_token

BY = owner()


def at(days: float) -> str:
    return (timezone.now() + dt.timedelta(days=days)).strftime(FORM)


def test_a_token_is_made_for_a_client_a_server_and_a_time(proxy_id: str) -> None:
    new_license(proxy_id, 30, "somebody")
    add_client(BY, "main", "10.0.0.7")
    form = NewForm({"name": " main ", "client": "main", "servers": [proxy_id], "expires_at": at(30)})
    assert form.do(BY), form.errors
    token = Token.objects.get(name="main")
    assert token.client is not None
    assert token.client.name == "main"
    assert [server.proxy_id for server in token.servers.all()] == [proxy_id]
    assert form.result.startswith("seon1.")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"expires_at": at(-1)}, "must be ahead"),
        ({"expires_at": "tomorrow"}, "such as 2027-01-31"),
        ({"client": "nobody"}, "not one of the available choices"),
        ({"servers": ["ff" * 32 + "px"]}, "not one of the available choices"),
        ({"name": ""}, "required"),
        ({"name": "x" * 121}, "at most 120"),
    ],
)
def test_wrong_input_is_told_and_makes_no_token(wrong: dict[str, object], said: str) -> None:
    form = NewForm({"name": "main", **wrong})
    assert not form.do(BY)
    assert said in str(form.errors)
    assert not Token.objects.exists()


def test_a_second_token_of_the_same_name_is_told() -> None:
    new_token(BY, "main")
    form = NewForm({"name": "main"})
    assert not form.do(BY)
    assert "main" in str(form.errors)


def test_a_change_of_the_client_leaves_the_end_to_the_second() -> None:
    end = timezone.now() + dt.timedelta(days=30, seconds=17)
    new_token(BY, "main", expires_at=end)
    add_client(BY, "main", "10.0.0.7")
    token = Token.objects.get()
    initial = {"client": None, "servers": [], "expires_at": to_the_minute(end)}
    blank = ChangeForm(about=token, initial=initial)
    form = ChangeForm({"client": "main", "expires_at": end.strftime(FORM), "seen": blank.seen_now()},
                      about=token, initial=initial)  # fmt: skip
    assert form.do(BY), form.errors
    token.refresh_from_db()
    assert token.client is not None
    assert token.expires_at == end


@pytest.mark.parametrize("days", ["-1", "91", "nan", "inf", "x", ""])
def test_an_overlap_out_of_bounds_rotates_nothing(days: str) -> None:
    new_token(BY, "main")
    before = Token.objects.get().digest
    form = RotateForm({"days": days}, about=Token.objects.get())
    assert not form.do(BY)
    assert "days" in form.errors
    assert Token.objects.get().digest == before
