"""What the configuration in force says of a session."""

import pytest

from seon.admission.judgement import judge_all
from seon.config import (
    ClientConfiguration,
    ClientPartner,
    FileRules,
    Limits,
    PartnerRules,
    ServerConfiguration,
    ServerPartner,
    SessionRules,
)
from seon.daemon.assigning import assignment, traced_by
from seon.oftp2.observer import Side
from seon.oftp2.rules import RULES, Policy, Severity

RULES_OF_ALL = SessionRules(
    "strict", level_5_only=True, esid_names_rule=False, incoming=FileRules(max_octets=1), outgoing=FileRules(2)
)
WAY = {"source": "a", "target": "b"}


def assigned(partner, configuration, direction="incoming", hop="dmz", session="session-1", **what):
    judgements = judge_all(configuration.partners, configuration.rules)
    return assignment(hop, direction, partner, judgements, configuration, session=session, **WAY, **what)


@pytest.mark.parametrize(
    ("direction", "side"), [("incoming", Side.INITIATOR), ("outgoing", Side.RESPONDER)], ids=["in", "out"]
)
def test_an_assignment_is_what_the_configuration_says(direction, side) -> None:
    own = PartnerRules(rules={"FLD-XPAD": "ignore"}, secure_authentication=True)
    partner = ServerPartner("P1", "One", ssid_codes=("A", "B"), rules=own)
    configuration = ServerConfiguration(
        limits=Limits(idle_seconds=7, drain_seconds=8), rules=RULES_OF_ALL, partners=(partner,)
    )
    made = assigned(partner, configuration, direction, fingerprint="f", directory="/home")
    assert (made.session, made.partner, made.direction, made.hop) == ("session-1", "P1", direction, "dmz")
    assert (made.source, made.target, made.fingerprint, made.directory) == ("a", "b", "f", "/home")
    assert made.limits == configuration.limits
    assert made.partner_codes == ("A", "B")
    assert made.policy == Policy("strict", {"FLD-XPAD": Severity.IGNORE})
    assert (made.demands.level_5, made.demands.authentication, made.names_rules) == (True, True, False)
    assert made.partner_side is side
    assert made.demands.of_files(side).max_octets == 1, "the partner's files are the incoming ones"
    assert made.demands.of_files(side.other).max_octets == 2


def test_both_hosts_make_it_alike() -> None:
    rules = PartnerRules("strict")
    server = ServerConfiguration(partners=(ServerPartner("P1", "One", rules=rules),))
    client = ClientConfiguration(partners=(ClientPartner("P1", "One", rules=rules),))
    one = assigned(server.partners[0], server)
    two = assigned(client.partners[0], client, hop="inside")
    assert (one.policy, one.demands, one.names_rules) == (two.policy, two.demands, two.names_rules)


def test_a_partner_that_was_removed_in_between_is_judged_by_all_rules() -> None:
    """It gets no session; and would it, by a mistake of ours, then the strictest one."""
    made = assigned(ServerPartner("P1", "One"), ServerConfiguration())
    assert all(made.policy.severity(key) is Policy("strict").severity(key) for key in RULES)


def test_a_session_is_traced_by_its_partner_or_by_its_id() -> None:
    one, two = "session-1", "session-2"
    configuration = ClientConfiguration(
        partners=(ClientPartner("P1", "One", trace=True), ClientPartner("P2", "Two")), traced_sessions=(two,)
    )
    wanted = traced_by(configuration)
    for partner, name, traced in ((0, one, True), (1, one, False), (1, two, True)):
        made = assigned(configuration.partners[partner], configuration, hop="inside", session=name)
        assert made.trace is wanted(made) is traced
    removed = assigned(ClientPartner("P3", "Three", trace=True), configuration, hop="inside")
    assert not wanted(removed), "what counts is the configuration now"
