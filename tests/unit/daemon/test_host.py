"""What this host allows: as many descriptors as it gives, and settings that do not fit are told in words."""

import resource

import pytest

from seon.config import Limits
from seon.daemon.home import StartError
from seon.daemon.host import DESCRIPTORS_A_SESSION, check_limits, misfit, places, raise_limits


def test_a_main_takes_all_the_descriptors_that_it_may_have(alone) -> None:
    alone(raised)


def raised() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    raise_limits()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)


def test_a_host_that_allows_next_to_no_descriptors_is_told_so_before_anything_is_opened(monkeypatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8, 8))
    with pytest.raises(StartError, match=r"may open 8 files at once, and needs at least 64: .*LimitNOFILE="):
        check_limits()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8, 1_024))
    check_limits()


def test_usual_settings_fit_into_what_is_usual(monkeypatch) -> None:
    """4,096 is Linux' own hard limit; Debian and systemd allow more."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (4_096, 4_096))
    assert misfit(Limits()) == ""
    assert places(1_000, Limits()) == 1_000


@pytest.mark.parametrize(
    ("allowed", "wanted", "sessions", "given"),
    [
        (resource.RLIM_INFINITY, 10_000, 10_000, 10_000),
        (1_024, 1_000, 200, 180),
        (1_024, 100, 200, 100),
        (1_024, 1_000, 10_000, 8),
    ],
)
def test_a_port_takes_no_more_callers_than_there_are_descriptors_for(
    monkeypatch, allowed, wanted, sessions, given
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (allowed, allowed))
    assert places(wanted, Limits(sessions=sessions)) == given


@pytest.mark.parametrize("allowed", [resource.RLIM_INFINITY, 1_000_000])
def test_where_nothing_is_limited_everything_fits(monkeypatch, allowed) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (allowed, allowed))
    assert misfit(Limits(sessions=10_000, handshakes=10_000)) == ""


def test_settings_that_do_not_fit_are_named_with_what_they_need_and_where_that_is_set(monkeypatch) -> None:
    allowed = {resource.RLIMIT_NOFILE: 1_024, resource.RLIMIT_NPROC: 500}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (allowed[which], 10**6))
    descriptors, _, processes = misfit(Limits(sessions=600, handshakes=64)).partition("allowed; ")
    assert descriptors.startswith("600 sessions and 64 handshakes at once need ")
    assert int(descriptors.split()[8]) > 600 * DESCRIPTORS_A_SESSION + 64
    assert "descriptors" in descriptors
    assert "LimitNOFILE" in descriptors
    assert descriptors.endswith("1024 are ")
    assert processes.startswith("600 sessions at once need 601 processes")
    assert "LimitNPROC" in processes
    assert misfit(Limits(sessions=200, handshakes=64)) == ""
