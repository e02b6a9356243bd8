"""The form that issues a license: what is no Proxy ID, or no number of days, is told at its field."""

import pytest

from seon.backend.acting.actors import owner
from seon.backend.panel.licenses.forms import IssueForm, RenewForm
from seon.backend.trust.licenses import new_license
from seon.backend.trust.models import License


@pytest.mark.parametrize(
    ("days", "said"), [("0", "1"), ("3661", "3660"), ("99999999999999999999", "3660"), ("", "required"), ("x", "whole")]
)
def test_days_out_of_bounds_are_told_at_their_field(proxy_id: str, days: str, said: str) -> None:
    form = IssueForm({"proxy_id": proxy_id, "days": days})
    assert not form.do(owner())
    assert said in str(form.errors["days"])
    assert not License.objects.exists()


@pytest.mark.parametrize("text", ["Seon Proxy ID: abcdefpx", "hello", "ff" * 32 + "px"])
def test_what_is_no_proxy_id_is_told_at_its_field(text: str) -> None:
    form = IssueForm({"proxy_id": text, "days": "10"})
    assert not form.do(owner())
    assert "Proxy ID" in str(form.errors["proxy_id"])
    assert not License.objects.exists()


def test_a_renewal_is_for_the_same_server(proxy_id: str) -> None:
    form = RenewForm({"days": "700"}, about=new_license(proxy_id, 10, "somebody"))
    assert form.do(owner())
    assert [one.server.proxy_id for one in License.objects.all()] == [proxy_id, proxy_id]
