"""The client's configuration is put in force whole, or not at all."""

import pytest

from seon.client.in_force import EMPTY, NotUsable, put_in_force
from seon.config import ClientConfiguration, ClientPartner, Limits, PartnerRules, SessionRules
from seon.daemon.session_table import Claim
from seon.oftp2.rules import RULES, Severity

HARD = next(rule.key for rule in RULES.values() if not rule.can_be(Severity.IGNORE))
"""A rule that cannot be softened."""


def odd(rule: str, severity: str, **more: object) -> ClientPartner:
    return ClientPartner("P2", "Two", rules=PartnerRules(rules={rule: severity}), **more)


@pytest.mark.parametrize(
    ("partners", "general", "words"),
    [
        ((odd("FLD-NEW", "warn"),), {}, ("P2", "'FLD-NEW'", "there is no rule")),
        ((odd("FLD-NEW", "warn", enabled=False),), {}, ("P2", "'FLD-NEW'", "there is no rule")),
        ((odd(HARD, "ignore"),), {}, ("P2", HARD, "cannot be softened")),
        ((ClientPartner("P2", "Two"),), {"FLD-NEW": "warn"}, ("'FLD-NEW'", "there is no rule")),
        ((ClientPartner("P2", "Two"), ClientPartner("P2", "Twin")), {}, ("there are two partners P2",)),
    ],
)
def test_what_cannot_be_followed_is_not_usable_and_named(partners, general, words) -> None:
    configuration = ClientConfiguration(
        partners=(ClientPartner("P1", "One"), *partners), rules=SessionRules(rules=general)
    )
    with pytest.raises(NotUsable) as refused:
        put_in_force(configuration)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("partners", "barred"),
    [
        ((ClientPartner("P1", "One"),), False),
        ((ClientPartner("P1", "One", enabled=False),), True),
        ((ClientPartner("P2", "Two"),), True),
        ((), True),
    ],
)
def test_a_partner_may_have_sessions_while_it_is_there_and_enabled(partners, barred) -> None:
    in_force = put_in_force(ClientConfiguration(partners=partners))
    for direction in ("incoming", "outgoing"):
        assert bool(in_force.barred(Claim("P1", direction, "0" * 64))) is barred
    assert (in_force.partner("P1") is None) is barred


def test_before_the_first_configuration_every_claim_is_barred() -> None:
    assert EMPTY.barred(Claim("P1", "outgoing"))


def test_a_session_is_judged_and_bounded_by_what_is_in_force() -> None:
    partner = ClientPartner("P1", "One", ssid_codes=("O1",), rules=PartnerRules(level_5_only=True))
    limits = Limits(idle_seconds=77)
    in_force = put_in_force(ClientConfiguration(partners=(partner,), limits=limits, traced_sessions=("session-1",)))
    made = in_force.assignment(partner, "outgoing", session="session-1", source="a", target="b")
    assert (made.hop, made.partner, made.direction, made.session) == ("inside", "P1", "outgoing", "session-1")
    assert made.limits == limits
    assert made.partner_codes == ("O1",)
    assert made.demands.level_5
    assert made.trace
