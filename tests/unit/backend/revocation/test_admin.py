"""The panel's page of revocation lists: how many rows there are changes nothing in how often the database is asked."""

import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

sys.path.insert(0, str(Path(__file__).parent))

from placing import CA, came, place, settle

from crl_web import make_list
from seon.backend.revocation.models import CrlUrl

PAGE = "/panel/revocation/crlurl/"


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])


def test_all_rows_are_shown_by_the_same_few_queries() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    settle(place("http://a/0"), came(make_list(CA)))
    few, page = asked(client)
    assert "in force" in page
    for number in range(1, 20):
        place(f"http://a/{number}")
    many, page = asked(client)
    assert page.count("not fetched yet") == 19
    assert many <= few + 1


def test_one_list_is_shown_with_its_state() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    settle(place("http://a/0"), came(make_list(CA, [1, 2])))
    page = client.get(f"{PAGE}{CrlUrl.objects.get().pk}/change/", secure=True, follow=True).content.decode()
    assert "in force" in page
    assert "complete" in page


def asked(client: Client) -> tuple[int, str]:
    with CaptureQueriesContext(connection) as queries:
        page = client.get(PAGE, secure=True, follow=True).content.decode()
    return len(queries), page
