"""Sizes as log4c writes them."""

import pytest

from seon.daemon.writing.sizes import size


@pytest.mark.parametrize(
    ("text", "octets"),
    [("0", 0), ("1024", 1024), ("1KB", 1024), ("2 mb", 2 * 1024**2), ("1GB", 1024**3), (" 7 ", 7)],
)
def test_a_number_alone_or_with_a_unit_is_a_size(text, octets) -> None:
    assert size(text) == octets


@pytest.mark.parametrize("text", ["", "KB", "10M", "-1", "1.5MB", "1e3", "+1", "٣", "0x10", "9" * 13, "1 0", "1_000"])
def test_anything_else_is_none(text) -> None:
    with pytest.raises(ValueError, match="is no number"):
        size(text)
