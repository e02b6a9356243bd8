"""What a stranger sent, as people see it."""

import pytest

from seon.events import shown
from seon.oftp2.quoting import MAX_SEEN, quoted


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", ""),
        (b"ORDERS_1.EDI", '"ORDERS_1.EDI"'),
        (b"   ", '"   "'),
        (b"\n", "0a"),
        (b"\0\0\xff", "00 00 ff"),
        (b"St\xfcck", '"St" fc "ck"'),
        (b'a"b', '"a" 22 "b"'),
        (b"a\\x0a", '"a" 5c "x0a"'),
        (b"\x7e\x7f", '"~" 7f'),
    ],
)
def test_text_stands_in_quotation_marks_and_all_else_in_hex(octets: bytes, told: str) -> None:
    assert quoted(octets) == told


def test_it_is_capped() -> None:
    assert quoted(b"x" * MAX_SEEN) == f'"{"x" * MAX_SEEN}"'
    assert quoted(b"x" * (MAX_SEEN + 1)) == f'"{"x" * MAX_SEEN}" ...'


def test_a_log_has_nothing_to_escape_in_it() -> None:
    for octet in range(256):
        assert shown(quoted(bytes([octet]) * 3)) == quoted(bytes([octet]) * 3)
