"""What a company demands beyond the protocol: what is not set allows everything, what is set allows nothing else."""

from dataclasses import replace

import pytest

from seon.oftp2.commands import StartFile, StartSession
from seon.oftp2.demands import Demands, FileDemands
from seon.oftp2.errors import Flaw
from seon.oftp2.happenings import Side
from seon.oftp2.rules import RULES

SSID = StartSession(4, "CODE", "PASSWORD", 128, "B", False, True, False, 2)
SFID = StartFile("CAD-PART(1)", "20260131", "2359580001", "", "DEST", "ORIG", "U", 0, 2)


def rules(demands: FileDemands, **changes: object) -> list[str]:
    return [flaw.rule for flaw in demands.flaws(replace(SFID, **changes))]


def test_nothing_is_demanded_unless_it_is_set() -> None:
    assert Demands().flaws(SSID) == []
    assert Demands().of_files(Side.RESPONDER).flaws(SFID) == []


def test_level_and_authentication_are_two_demands() -> None:
    both = Demands(level_5=True, authentication=True)
    assert [(flaw.rule, flaw.field) for flaw in both.flaws(SSID)] == [
        ("POL-LEVEL", "SSIDLEV"),
        ("POL-AUTH", "SSIDAUTH"),
    ]
    assert both.flaws(replace(SSID, level=5, authentication=True)) == []


@pytest.mark.parametrize(
    ("most", "size_k", "broken"),
    [(2048, 2, False), (2048, 3, True), (2047, 2, False), (1025, 2, False), (1024, 2, True)],
)
def test_an_offer_is_too_big_only_if_its_blocks_cannot_hold_an_allowed_file(
    most: int, size_k: int, broken: bool
) -> None:
    """SFIDFSIZ is rounded up to 1024 octets: the last block may hold one octet."""
    assert rules(FileDemands(max_octets=most), size_k=size_k) == (["POL-SIZE"] if broken else [])


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [("CAD-PART(1)", True), ("CAD*", True), ("*", True), ("CAD-PART(?)", True), ("cad*", False), ("CAD", False),
     ("?", False), ("*(2)", False), (".*", False)],
)  # fmt: skip
def test_a_pattern_is_for_the_whole_name_and_in_its_case(pattern: str, fits: bool) -> None:
    assert rules(FileDemands(names=("OTHER", pattern))) == ([] if fits else ["POL-NAME"])


def test_many_stars_cost_no_time() -> None:
    """A pattern comes from an administrator, a name from a stranger: no name makes the match run away."""
    assert rules(FileDemands(names=("*A" * 30 + "B",)), name="A" * 26) == ["POL-NAME"]


def test_every_broken_demand_is_told_with_its_field() -> None:
    strict = FileDemands(max_octets=1, names=("X",), destinations=("X",), originators=("X",))
    assert [(flaw.rule, flaw.field) for flaw in strict.flaws(SFID)] == [
        ("POL-SIZE", "SFIDFSIZ"), ("POL-NAME", "SFIDDSN"), ("POL-DEST", "SFIDDEST"), ("POL-ORIG", "SFIDORIG"),
    ]  # fmt: skip


def test_a_flaw_says_what_is_demanded_and_where() -> None:
    demands = Demands(level_5=True, authentication=True)
    assert demands.flaws(SSID) == [
        Flaw("POL-LEVEL", 0, "SSIDLEV", RULES["POL-LEVEL"].meaning),
        Flaw("POL-AUTH", 0, "SSIDAUTH", RULES["POL-AUTH"].meaning),
    ]
    assert FileDemands(names=("OTHER",)).flaws(SFID) == [Flaw("POL-NAME", 0, "SFIDDSN", RULES["POL-NAME"].meaning)]
