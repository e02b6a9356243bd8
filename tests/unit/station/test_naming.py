import time
from dataclasses import replace
from pathlib import Path

import pytest

from seon.oftp2.commands import StartFile
from seon.station.naming import local_name, moment, plain, virtual_name

START = StartFile("ORDERS.EDI", "20260131", "1205070001", "", "O0013BOB", "O0013ALICE", "U", 0, 1)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ORDERS.EDI", "ORDERS.EDI"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        (".hidden", "%2Ehidden"),
        ("..", "%2E."),
        ("", "%"),
        ("A/B (1)&C", "A%2FB%20%281%29%26C"),
        ("a%2Fb", "a%252Fb"),
        ("x\0y", "x%00y"),
        ("ü", "%C3%BC"),
    ],
)
def test_a_strangers_name_is_one_plain_part_of_a_path(given: str, expected: str) -> None:
    assert plain(given) == expected


def test_different_files_have_different_local_names() -> None:
    others = [{"name": "ORDERS/EDI"}, {"date": "20260201"}, {"time": "1205070002"}, {"originator": "O0013CAROL"}]
    names = {local_name(START)} | {local_name(replace(START, **other)) for other in others}
    assert len(names) == 5


def test_the_longest_local_name_fits_a_file_system() -> None:
    assert len(local_name(replace(START, name="/" * 26, originator="/" * 25))) <= 255


def test_a_virtual_name_has_the_x_set_and_26_octets() -> None:
    assert virtual_name(Path("dir/orders_1 für.edi")) == "ORDERS-1 F-R.EDI"
    assert virtual_name(Path("x" * 40)) == "X" * 26


def test_a_moment_has_18_digits_and_a_counter_that_is_never_0000() -> None:
    assert time.strptime(moment(1_800_000_000, 0)[:14], "%Y%m%d%H%M%S")
    assert {moment(0, counter)[14:] for counter in range(20_000)} == {f"{n:04d}" for n in range(1, 10_000)}
