"""A partner is admitted by its own certificate, in its time, while it is enabled."""

import pytest

from seon.admission.identity import identity_of
from seon.admission.partners import Refused, check_dialled, find_partner
from seon.config import ServerPartner


@pytest.fixture
def identity(partner):
    return identity_of(partner.certificate)


def known(identity, **fields) -> ServerPartner:
    return ServerPartner(**{"id": "P1", "name": "One", "pins": ("0" * 64, identity.fingerprint), **fields})


OTHERS = tuple(ServerPartner(f"Q{n}", "Other", pins=(f"{n:064x}",)) for n in range(3))


def test_the_partner_whose_pin_it_is_is_found_among_many(identity) -> None:
    mine = known(identity)
    assert find_partner(identity, (*OTHERS, mine), identity.not_before) is mine


def test_nobody_is_found_for_a_certificate_that_nobody_has(identity) -> None:
    assert find_partner(identity, OTHERS, identity.not_before) == Refused("no partner has this certificate")
    assert isinstance(find_partner(identity, (), identity.not_before), Refused)


def test_a_partner_without_pins_is_nobody(identity) -> None:
    assert isinstance(find_partner(identity, (known(identity, pins=()),), identity.not_before), Refused)


def test_what_a_pinned_certificate_issues_is_not_pinned(certificate) -> None:
    """Also where the pinned one is a CA: the fingerprint of the whole certificate is what counts."""
    ca = certificate("ca", ca=True)
    child = identity_of(certificate("child", issuer=ca).certificate)
    assert isinstance(find_partner(child, (known(identity_of(ca.certificate)),), child.not_before), Refused)


@pytest.mark.parametrize(
    ("offset", "reason"), [(-1, "not valid yet"), (0, None), (3_600, None), (10**9, "has expired")]
)
def test_a_certificate_counts_in_its_time_only(identity, offset, reason) -> None:
    for verdict in (
        find_partner(identity, (known(identity),), identity.not_before + offset),
        check_dialled(identity, known(identity), identity.not_before + offset),
    ):
        assert (reason is None) is isinstance(verdict, ServerPartner)
        assert reason is None or reason in verdict.reason


def test_the_last_moment_is_outside(identity) -> None:
    assert isinstance(find_partner(identity, (known(identity),), identity.not_after), Refused)
    assert isinstance(find_partner(identity, (known(identity),), identity.not_after - 0.001), ServerPartner)


def test_a_disabled_partner_is_refused_by_name(identity) -> None:
    disabled = known(identity, enabled=False)
    assert find_partner(identity, (disabled,), identity.not_before) == Refused("partner P1 is disabled")
    assert isinstance(check_dialled(identity, disabled, identity.not_before), Refused)


def test_another_known_partners_certificate_is_not_the_dialled_ones(identity) -> None:
    assert isinstance(check_dialled(identity, known(identity), identity.not_before), ServerPartner)
    verdict = check_dialled(identity, OTHERS[0], identity.not_before)
    assert verdict == Refused("the certificate is not that partner's")
