"""A partner is admitted by its own certificate, in its time, while it is enabled."""

import pytest

from seon.admission.identity import identity_of
from seon.admission.judgement import UnusableError
from seon.admission.partners import Refused, by_pin, check_dialled, find_partner, is_from_elsewhere
from seon.config import ServerPartner


@pytest.fixture
def identity(partner):
    return identity_of(partner.shown)


def known(identity, **fields) -> ServerPartner:
    return ServerPartner(**{"id": "P1", "name": "One", "pins": ("0" * 64, identity.fingerprint), **fields})


def found(identity, partners, now: float):
    return find_partner(identity, by_pin(partners), now)


OTHERS = tuple(ServerPartner(f"Q{n}", "Other", pins=(f"{n:064x}",)) for n in range(1, 4))


def test_the_partner_whose_pin_it_is_is_found_among_many(identity) -> None:
    mine = known(identity)
    assert found(identity, (*OTHERS, mine), identity.not_before) is mine


def test_nobody_is_found_for_a_certificate_that_nobody_has(identity) -> None:
    assert found(identity, OTHERS, identity.not_before) == Refused("no partner has this certificate")
    assert isinstance(found(identity, (), identity.not_before), Refused)


def test_a_partner_without_pins_is_nobody(identity) -> None:
    assert isinstance(found(identity, (known(identity, pins=()),), identity.not_before), Refused)


def test_what_a_pinned_certificate_issues_is_not_pinned(certificate) -> None:
    """Also where the pinned one is a CA: the fingerprint of the whole certificate is what counts."""
    ca = certificate("ca", ca=True)
    child = identity_of(certificate("child", issuer=ca).shown)
    assert isinstance(found(child, (known(identity_of(ca.shown)),), child.not_before), Refused)


@pytest.mark.parametrize(
    ("offset", "reason"), [(-1, "not valid yet"), (0, None), (3_600, None), (10**9, "has expired")]
)
def test_a_certificate_counts_in_its_time_only(identity, offset, reason) -> None:
    for verdict in (
        found(identity, (known(identity),), identity.not_before + offset),
        check_dialled(identity, known(identity), identity.not_before + offset),
    ):
        assert (reason is None) is isinstance(verdict, ServerPartner)
        assert reason is None or reason in verdict.reason


def test_the_last_moment_is_outside(identity) -> None:
    assert isinstance(found(identity, (known(identity),), identity.not_after), Refused)
    assert isinstance(found(identity, (known(identity),), identity.not_after - 0.001), ServerPartner)


def test_a_disabled_partner_is_refused_by_name(identity) -> None:
    disabled = known(identity, enabled=False)
    assert found(identity, (disabled,), identity.not_before) == Refused("partner P1 is disabled")
    assert isinstance(check_dialled(identity, disabled, identity.not_before), Refused)


def test_another_known_partners_certificate_is_not_the_dialled_ones(identity) -> None:
    assert isinstance(check_dialled(identity, known(identity), identity.not_before), ServerPartner)
    verdict = check_dialled(identity, OTHERS[0], identity.not_before)
    assert verdict == Refused("the certificate is not that partner's")


def test_every_pin_of_a_partner_leads_to_it() -> None:
    one = ServerPartner("P1", "One", pins=("1" * 64, "2" * 64))
    assert by_pin((one, *OTHERS))["1" * 64] is by_pin((one,))["2" * 64] is one


def test_a_certificate_of_two_partners_makes_a_configuration_unusable_and_names_both() -> None:
    """Also if one of them is disabled: it would count again as soon as it is not."""
    one, two = ServerPartner("P1", "One", pins=("1" * 64,)), ServerPartner("P2", "Two", False, pins=("1" * 64,))
    with pytest.raises(UnusableError, match=f"partners P1 and P2 have the same certificate, SHA-256 {'1' * 64}"):
        by_pin((one, *OTHERS, two))


def test_a_certificate_that_one_partner_has_twice_is_its_own() -> None:
    one = ServerPartner("P1", "One", pins=("1" * 64, "1" * 64))
    assert by_pin((one,)) == {"1" * 64: one}


@pytest.mark.parametrize(
    ("networks", "source", "elsewhere"),
    [
        ((), "192.0.2.7:40718", False),
        (("192.0.2.0/24",), "192.0.2.7:40718", False),
        (("192.0.2.0/24",), "192.0.2.7", False),
        (("192.0.2.0/24",), "[::ffff:192.0.2.7]:40718", False),
        (("192.0.2.0/24", "2001:db8::/48"), "[2001:db8::7]:40718", False),
        (("192.0.2.0/24",), "198.51.100.7:40718", True),
        (("192.0.2.0/24",), "[2001:db8::7]:40718", True),
        (("nonsense",), "192.0.2.7:40718", True),
        (("192.0.2.0/24",), "nonsense", True),
        (("192.0.2.0/24",), "", True),
    ],
)
def test_a_partner_with_networks_comes_from_them_or_from_elsewhere(networks, source, elsewhere) -> None:
    assert is_from_elsewhere(ServerPartner("P1", "One", networks=networks), source) is elsewhere
