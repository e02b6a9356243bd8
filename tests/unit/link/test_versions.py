"""Two versions: what they have in common, or which host to upgrade."""

import pytest

from seon.link.versions import Side, VersionError, agreed


def side(name: str, oldest: int, newest: int) -> Side:
    return Side(name, f"build of {name}", oldest, newest)


@pytest.mark.parametrize(
    ("ours", "theirs", "highest"),
    [((3, 3), (3, 3), 3), ((3, 4), (3, 3), 3), ((3, 3), (3, 4), 3), ((3, 7), (5, 9), 7), ((5, 5), (3, 9), 5),
     ((3, 9), (0, 4), 4), ((4, 4), (0, 9), 4)],
)  # fmt: skip
def test_the_highest_number_that_both_know_is_chosen(ours, theirs, highest) -> None:
    one, other = side("the server", *ours), side("the client", *theirs)
    assert agreed("link protocol", one, other) == agreed("link protocol", other, one) == highest


def test_without_a_common_number_both_versions_are_named_and_the_host_to_upgrade() -> None:
    server, client = side("the server", 3, 4), side("the client", 5, 6)
    for one, other in ((server, client), (client, server)):
        with pytest.raises(VersionError) as refused:
            agreed("link protocol", one, other)
        assert str(refused.value) == (
            "the client (build of the client) knows link protocol 5 to 6, the server (build of the server) knows "
            "3 to 4: upgrade the host of the server"
        )


def test_who_has_not_said_its_build_or_oldest_number_is_named_all_the_same() -> None:
    with pytest.raises(VersionError) as refused:
        agreed("configuration format", side("Seonapi", 3, 3), Side("the server", "", 0, 2))
    assert str(refused.value) == (
        "Seonapi (build of Seonapi) knows configuration format 3, the server knows up to 2: "
        "upgrade the host of the server"
    )


def test_a_range_that_is_none_is_refused() -> None:
    for one, other in (((4, 3), (3, 4)), ((3, 4), (9, 0))):
        with pytest.raises(VersionError, match="which is no range"):
            agreed("link protocol", side("the server", *one), side("the client", *other))
