"""The audit as somebody at the panel reads it."""

import asyncio
import csv
import io
import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from panel_clients import logged_in, seen

from seon.backend.acting.actors import Actor, Way, owner
from seon.backend.acting.acts import ForbiddenError
from seon.backend.configuration.actions import change_settings
from seon.backend.journal.models import Entry
from seon.backend.journal.recording import record
from seon.backend.proxies.actions import add_client
from seon.backend.users.actions import add_user, change_user

AUDIT = "/panel/audit/"
PASSWORD = "correct horse battery"


@pytest.fixture
def panel() -> Client:
    client = logged_in("auditor")
    Entry.objects.all().delete()
    return client


def objects(page: str) -> list[str]:
    """Return what each row of the list is about."""
    return re.findall(r'data-label="Act and object"[^>]*><div><span class="s-mono">(.*?)</span>', page)


def newest() -> Entry:
    found = Entry.objects.first()
    assert found
    return found


def test_who_changed_what_by_which_way_stands_there_with_old_and_new_values_side_by_side(panel: Client) -> None:
    change_settings(owner(), {"external_port": 6620})
    change_settings(Actor("anna", Way.PANEL, owner().rights), {"external_port": 6621})
    page = seen(panel, AUDIT)
    assert objects(page) == ["settings.change", "settings.change"]
    for said in ("anna", "panel", "command line", "external_port"):
        assert said in page
    one = seen(panel, f"{AUDIT}{newest().pk}/")
    values = re.findall(r'data-label="(?:Value of|Before|Now)"[^>]*>\s*(?:<span[^>]*>)?(.*?)<', one)
    assert values == ["external_port", "6620", "6621"]


def test_a_value_that_looks_like_two_changes_is_one(panel: Client) -> None:
    name = "x' to 'y; enabled: yes to no"
    add_client(owner(), name, "10.0.0.5")
    one = seen(panel, f"{AUDIT}{newest().pk}/")
    assert f"'{name}'" in one
    assert re.findall(r'data-label="Value of">(.*?)<', one) == ["name", "address"]


def test_changes_of_roles_have_old_and_new_values_too(panel: Client) -> None:
    add_user(owner(), "berta", ["operator"], PASSWORD)
    change_user(owner(), "berta", roles=["auditor"])
    one = seen(panel, f"{AUDIT}{newest().pk}/")
    assert re.findall(r'<span class="s-(?:was|now)">(.*?)<', one) == ["operator", "auditor"]


def test_a_denied_try_stands_in_the_audit(panel: Client) -> None:
    with pytest.raises(ForbiddenError):
        add_client(Actor("anna", Way.PANEL, frozenset()), "c", "10.0.0.5")
    page = seen(panel, AUDIT)
    assert "denied" in page
    assert "anna" in page
    assert objects(page) == ["client.add"]


@pytest.mark.parametrize(("asked", "wanted"), [
    ("user=ann", ["settings.change"]), ("act=client.add", ["client.add"]), ("what=CLIENT", ["client.add"]),
    ("kind=AUD-CHANGE", ["settings.change", "client.add"]), ("q=6620", ["settings.change"]),
    ("since=2999-01-01T00:00", []), ("user=nobody", []), ("what=%25", []), ("user=ann&act=client.add", []),
])  # fmt: skip
def test_every_filter_stands_in_the_address(panel: Client, asked: str, wanted: list[str]) -> None:
    add_client(owner(), "one", "10.0.0.5")
    change_settings(Actor("anna", Way.PANEL, owner().rights), {"external_port": 6620})
    record("AUD-LOGIN", source="192.0.2.7", reason="wrong password of user anna", path="/panel/login/")
    record("QUE-WORKS", job="expiry")
    assert objects(seen(panel, f"{AUDIT}?{asked}")) == wanted


def test_the_tail_brings_new_entries_of_the_audit_alone(panel: Client) -> None:
    address = re.search(r'hx-get="([^"]*)"', panel.get(AUDIT, secure=True).content.decode())
    assert address
    record("QUE-WORKS", job="expiry")
    add_client(owner(), "one", "10.0.0.5")
    assert objects(seen(panel, AUDIT + unescape(address[1]))) == ["client.add"]


def test_wrong_filters_are_said_and_an_entry_of_another_group_is_not_there(panel: Client) -> None:
    page = seen(panel, f"{AUDIT}?kind=x&act={quote('<script>')}&since=x")
    assert "x is not one of the available choices" in page
    assert "Enter a date and a time" in page
    record("QUE-WORKS", job="expiry")
    seen(panel, f"{AUDIT}{newest().pk}/", 404)


async def _read(answer: Any) -> str:
    return b"".join([piece async for piece in answer.streaming_content]).decode()


def test_the_audit_is_exported_as_it_is_filtered(panel: Client) -> None:
    add_client(owner(), "=cmd()", "10.0.0.5")
    change_settings(owner(), {"external_port": 6620})
    answer = panel.get(f"{AUDIT}export.csv?act=client.add", secure=True)
    rows = list(csv.DictReader(io.StringIO(asyncio.run(_read(answer)))))
    assert [row["act"] for row in rows] == ["client.add"]
    assert "=cmd()" in rows[0]["object"]
    assert not rows[0]["object"].startswith("=")


def test_nobody_changes_the_audit(panel: Client) -> None:
    add_client(owner(), "one", "10.0.0.5")
    for path in (AUDIT, f"{AUDIT}{newest().pk}/", f"{AUDIT}export.csv"):
        assert logged_in("administrator").post(path, {"do": "remove"}, secure=True).status_code == 400
    assert Entry.objects.filter(code="AUD-CHANGE").count() == 1
