"""Networks are looked up as `addresses.is_in` asks, however many they are."""

import time

import pytest

from seon.addresses import is_in
from seon.net.networks import Networks

LISTED = ("10.1.0.0/16", "192.0.2.7", "2001:db8::/32", "::ffff:198.51.100.0/120", "0.0.0.0/32", "::1", "nonsense")


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.1.255.255", True), ("10.2.0.0", False), ("192.0.2.7", True), ("192.0.2.8", False),
        ("2001:db8:ffff::1", True), ("2001:db9::1", False), ("198.51.100.9", True), ("198.51.101.9", False),
        ("::ffff:10.1.2.3", True), ("127.0.0.1", True), ("::1", True), ("0.0.0.0", True), ("::", False),
    ],
)  # fmt: skip
def test_an_address_is_in_a_network_or_not(address, inside) -> None:
    assert (address in Networks(LISTED)) is inside is is_in(address, LISTED)


def test_every_address_may_be_meant() -> None:
    assert "203.0.113.9" in Networks(["0.0.0.0/0"])
    assert "2001:db8::9" in Networks(["::/0"])
    assert "203.0.113.9" not in Networks(["::/0"])


def test_no_networks_hold_nobody() -> None:
    assert not Networks()
    assert not Networks(["nonsense"])
    assert Networks(["10.0.0.0/8"])
    assert "10.0.0.1" not in Networks()


def test_networks_are_gathered_one_a_step_since_many_take_longer_than_a_main_may_pause() -> None:
    steps, count = Networks.gathering(LISTED), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            gathered = end.value
            break
        count += 1
    assert count == len(LISTED)
    assert "192.0.2.7" in gathered
    assert "192.0.2.8" not in gathered


def test_many_networks_cost_as_little_as_few() -> None:
    many = Networks(f"10.{number >> 8}.{number & 255}.0/24" for number in range(50_000))
    began = time.process_time()
    for _ in range(1_000):
        assert "11.0.0.1" not in many
    assert time.process_time() - began < 5
