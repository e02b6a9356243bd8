from collections.abc import Iterator

from seon.backend.checking.findings import MOST_OF_A_KIND, Check, Finding, Found, Level, error, run, warning
from seon.backend.checking.installation import status_of
from seon.backend.home import Home


def looks_bad(_: Home) -> Iterator[Found]:
    yield warning("it is old", "there", "buy a new one")


def fails(_: Home) -> Iterator[Found]:
    yield warning("it is old", "there", "buy a new one")
    raise ValueError("a\x1b[31mb\nmore")


def many(_: Home) -> Iterator[Found]:
    for number in range(MOST_OF_A_KIND + 7):
        yield error(f"number {number} is bad", number, "mend it")


def test_a_check_that_fails_is_a_finding_and_stops_no_other(home: Home) -> None:
    checks = (Check("one", "one is good", fails), Check("two", "two is good", looks_bad))
    failed, bad = run(checks, home)
    assert (failed.level, failed.check) == (Level.ERROR, "one")
    assert failed.what == "it cannot be checked whether one is good: a\\x1b[31mb"
    assert bad == Finding(Level.WARNING, "two", "it is old", "there", "buy a new one")


def test_thousands_of_a_kind_are_counted(home: Home) -> None:
    found = list(run((Check("many", "all are good", many),), home))
    assert len(found) == MOST_OF_A_KIND + 1
    assert found[-1].what == "7 more of this kind"


def test_the_exit_status_is_that_of_the_worst_finding() -> None:
    good, bad = (Finding(level, "x", "x", "x", "x") for level in (Level.WARNING, Level.ERROR))
    assert [status_of(found) for found in ([], [good], [bad, good])] == [0, 1, 2]
