import re
import time

import pytest
from django.db import connection

from certificates import parse_license
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.trust.licenses import new_license, proxy_id_in
from seon.backend.trust.models import License


def test_a_license_is_issued_from_the_proxy_id_alone_and_recorded(proxy_id: str) -> None:
    issued = new_license(f" {proxy_id}\n", 30, "somebody")
    parsed = parse_license(issued.pem.encode(), proxy_id)
    assert 29 < (parsed.not_after - time.time()) / 86_400 <= 30
    entry = Entry.objects.get(code="AUD-LICENSE")
    assert proxy_id in entry.text
    assert "somebody" in entry.text


@pytest.mark.parametrize(
    ("wrong", "days"), [("", 30), ("ff" * 32 + "px", 30), ("01" + "00" * 31 + "px", 30), (None, 0), (None, 3_661)]
)
def test_a_wrong_proxy_id_or_time_issues_nothing(proxy_id: str, wrong: str | None, days: int) -> None:
    with pytest.raises(OperatorError):
        new_license(proxy_id if wrong is None else wrong, days, "somebody")
    assert not License.objects.exists()
    assert not Entry.objects.exists()


def test_the_private_keys_of_the_cas_are_encrypted_at_rest() -> None:
    with connection.cursor() as cursor:
        keys = [bytes(row[0]) for row in cursor.execute("SELECT key FROM trust_authority").fetchall()]
    assert len(keys) == 2
    assert all(b"PRIVATE" not in key and key[0] == 1 for key in keys)


def test_the_whole_line_that_the_server_prints_is_taken(proxy_id: str) -> None:
    for text in (f"Seon Proxy ID: {proxy_id}\n", f"root@dmz# x -L\n  {proxy_id.upper()}", f"{proxy_id} {proxy_id}"):
        assert proxy_id_in(text) == proxy_id


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "64 hex digits and 'px'"),
        ("Seon Proxy ID: " + "a" * 62 + "px", "has 62 hex digits"),
        ("a" * 64, "has 64 hex digits"),
        ("0" * 64 + "px", "not a usable Ed25519 key"),
        ("11" * 32 + "px " + "22" * 32 + "px", "There are 2 Proxy IDs"),
        ("x\0" * 20_000, "64 hex digits and 'px'"),
    ],
)
def test_what_is_no_proxy_id_is_told_with_what_it_lacks(text: str, said: str) -> None:
    with pytest.raises(OperatorError, match=re.escape(said)):
        proxy_id_in(text)
