"""The table of serial numbers: every number is found exactly, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seon.pki_serials import KEY, ROW, Revoked, find, key_of, key_of_number

LARGEST = 2**160 - 1


def table(serials, date: int = 20_260_102_030_405) -> bytes:
    return b"".join(sorted(key_of_number(serial) + date.to_bytes(ROW - KEY, "big") for serial in serials))


@pytest.mark.parametrize("serial", [0, 1, 127, 128, 255, 256, LARGEST, LARGEST + 1, 2**200, -1, -128, -129, -(2**170)])
def test_a_serial_number_of_any_kind_is_found_and_its_neighbours_are_not(serial) -> None:
    rows = table([serial, 77, 2**100])
    assert find(rows, serial) == Revoked(1_767_323_045.0)
    assert find(rows, serial + 1) is None
    assert find(rows, serial - 1) is None


@given(st.sets(st.integers(-(2**180), 2**180), max_size=60), st.integers(-(2**180), 2**180))
def test_what_is_found_is_what_is_in_the_table(serials, other) -> None:
    rows = table(serials)
    assert all(find(rows, serial) for serial in serials)
    assert (find(rows, other) is not None) == (other in serials)


def test_octets_that_der_forbids_do_not_hide_a_number() -> None:
    assert key_of(b"\0\0\0\x07") == key_of(b"\x07") == key_of_number(7)
    assert key_of(b"\xff\xff\x80") == key_of(b"\x80") == key_of_number(-128)
    assert key_of(b"\0" * 9 + b"\xff" * 21) == key_of_number(2**168 - 1)


def test_an_empty_table_has_nothing() -> None:
    assert find(b"", 5) is None


def test_what_is_no_date_revokes_all_the_same() -> None:
    assert find(table([5], 20_261_302_030_405), 5) == Revoked(None)
