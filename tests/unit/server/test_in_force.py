"""A configuration is built whole, or not at all."""

import dataclasses
import time

import msgspec
import pytest

from seon.admission.codes import Refused, Verdict
from seon.admission.evidence import Evidence
from seon.api_messages import SealedKey
from seon.build import this_build
from seon.config import (
    FORMAT,
    OLDEST_FORMAT,
    AdmissionRules,
    Anchor,
    OwnCertificate,
    PartnerRules,
    ServerPartner,
    SessionRules,
)
from seon.daemon.session_table import Claim
from seon.link.sealing import EphemeralKey
from seon.net.context import accepting, connecting
from seon.oftp2.rules import RULES, Severity
from seon.server import in_force as module
from seon.server.delivered import NotUsable
from seon.server.in_force import EMPTY, NO_LISTS
from unit.admission.showing import named, point, revoking
from unit.server.putting import put

HARD = next(rule.key for rule in RULES.values() if not rule.can_be(Severity.IGNORE))
"""A rule that cannot be softened."""


@pytest.fixture
def known(configuration) -> ServerPartner:
    """The partner of the configuration."""
    return configuration.partners[0]


def changed(struct, **fields):
    return msgspec.structs.replace(struct, **fields)


def test_a_configuration_in_force_admits_its_partners_and_nobody_else(
    delivery, ephemeral, partner, certificate
) -> None:
    in_force = put(delivery, ephemeral)
    assert in_force.version == 7
    assert in_force.missing() == ""
    evidence, found = in_force.admit(partner.shown, (), "192.0.2.1:5", NO_LISTS)
    assert found.partner.id == "P1"
    assert evidence.certificate == partner.shown
    assert in_force.knows(partner.shown)
    assert not in_force.knows(certificate("stranger").shown)
    refused = in_force.admit(certificate("stranger").shown, (), "192.0.2.1:5", NO_LISTS)[1]
    assert refused == Refused(Verdict.UNKNOWN, "no partner has this certificate")


def test_its_contexts_are_a_proxys(delivery, ephemeral, shake, delivering, configuration) -> None:
    in_force = put(delivery, ephemeral)
    changed_partner = ServerPartner("us", "Ourselves", pins=(configuration.own_certificate.id,))
    ours = delivering(partners=(changed_partner,))
    both = put(ours, ephemeral)
    shake(accepting(both.gate.context), connecting(in_force.dialler.context))


def test_without_a_certificate_the_gate_stays_closed_and_it_is_said_why(ephemeral, delivering) -> None:
    bare = changed(delivering(own_certificate=None), version=8, sealed_key=None)
    in_force = put(bare, ephemeral)
    assert (in_force.gate, in_force.dialler) == (None, None)
    assert "seonapi certificate add" in in_force.missing()


def test_before_the_first_configuration_nobody_may_enter(partner) -> None:
    assert EMPTY.gate is None
    assert not EMPTY.knows(partner.shown)
    assert EMPTY.version == 0


def test_a_certificate_without_its_key_is_not_usable(delivery, ephemeral) -> None:
    for sealed in (None, SealedKey("0" * 64, delivery.sealed_key.sealed)):
        with pytest.raises(NotUsable, match="key of our certificate is missing"):
            put(changed(delivery, sealed_key=sealed), ephemeral)


def test_a_key_sealed_to_another_server_is_not_usable(delivery, other_link_pki) -> None:
    with pytest.raises(NotUsable, match="does not belong"):
        put(delivery, EphemeralKey(other_link_pki.identity))


@pytest.mark.parametrize("chain", ["nonsense", ""])
def test_a_chain_that_cannot_be_read_is_not_usable(ephemeral, chain, delivering, configuration) -> None:
    own = OwnCertificate(configuration.own_certificate.id, chain)
    with pytest.raises(NotUsable, match="chain cannot be read"):
        put(delivering(own_certificate=own), ephemeral)


def test_a_key_of_another_certificate_is_not_usable(ephemeral, partner, delivering, configuration) -> None:
    own = OwnCertificate(configuration.own_certificate.id, partner.pem)
    with pytest.raises(NotUsable):
        put(delivering(own_certificate=own), ephemeral)


@pytest.mark.parametrize("field", ["external_address", "outgoing_address"])
def test_an_address_that_is_none_is_not_usable(ephemeral, field, delivering) -> None:
    """Found here, not by the listener: an exception there would close the internal port for good."""
    with pytest.raises(NotUsable, match="is not an IP address"):
        put(delivering(**{field: "no address"}), ephemeral)


@pytest.mark.parametrize(("number", "older"), [(FORMAT + 1, "this server"), (OLDEST_FORMAT - 1, "Seonapi")])
def test_a_configuration_of_a_format_that_this_server_does_not_know_names_the_host_to_upgrade(
    delivery, ephemeral, number, older
) -> None:
    with pytest.raises(NotUsable, match=f"this server .*knows.*upgrade the host of {older}$") as refused:
        put(changed(delivery, format=number), ephemeral)
    assert f"{number}" in str(refused.value)
    assert f"{FORMAT}" in str(refused.value)
    assert this_build().short in str(refused.value)


@pytest.mark.parametrize(
    "raw",
    [b'{"nobody_knows":1}', b'{"external_port":0}', b"[]", b'{"partners":' + b"[" * 100_000, b'{"a":"\\ud800"}'],
    ids=["a field", "a value", "a type", "deep", "half a pair"],
)
def test_a_configuration_that_is_not_understood_whole_is_not_usable(delivery, ephemeral, raw, configuration) -> None:
    with pytest.raises(NotUsable):
        put(changed(delivery, configuration=msgspec.Raw(raw)), ephemeral)


def test_the_key_in_the_clear_is_overwritten(delivery, ephemeral, monkeypatch, ours) -> None:
    wiped = []
    real = module.wipe
    monkeypatch.setattr(module, "wipe", lambda key: (wiped.append((bytes([*key]), key)), real(key)))
    put(delivery, ephemeral)
    ((before, after),) = wiped
    assert before == ours.key_pem
    assert after == bytes(len(before))


def test_the_key_is_overwritten_also_when_it_cannot_be_used(ephemeral, monkeypatch, delivering, configuration) -> None:
    wiped = []
    monkeypatch.setattr(module, "wipe", wiped.append)
    own = OwnCertificate(configuration.own_certificate.id, "nonsense")
    with pytest.raises(NotUsable):
        put(delivering(own_certificate=own), ephemeral)
    assert len(wiped) == 1


def test_a_disabled_partner_is_found_nowhere(delivering, known, ephemeral, partner) -> None:
    in_force = put(delivering(partners=(changed(known, enabled=False),)), ephemeral)
    assert in_force.partner("P1") is None
    assert not in_force.knows(partner.shown)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, ""),
        ({"enabled": False}, "partner P1 is not known or disabled"),
        ({"id": "P2"}, "partner P1 is not known or disabled"),
        (
            {"pins": ()},
            "partner P1 is not admitted any more, UNKNOWN: no partner has this certificate",
        ),
    ],
)
def test_a_partner_may_have_sessions_while_it_is_there_enabled_and_has_the_certificate_that_it_showed(
    delivering, known, ephemeral, partner, change, why
) -> None:
    in_force = put(delivering(partners=(changed(known, **change),)), ephemeral)
    shown = Evidence(partner.shown, (), "192.0.2.7:5", time.time(), pinned=True)
    assert in_force.barred(Claim("P1", "incoming", evidence=shown), NO_LISTS) == why


@pytest.mark.parametrize(
    ("source", "barred"),
    [
        ("192.0.2.7:5", False),
        ("[::ffff:192.0.2.7]:5", False),
        ("192.0.3.7:5", True),
        ("[2001:db8::1]:5", True),
        ("", True),
    ],
)
def test_a_session_is_barred_once_its_partner_may_not_come_from_there_any_more(
    delivering, known, ephemeral, partner, source, barred
) -> None:
    in_force = put(delivering(partners=(changed(known, networks=("192.0.2.0/24",)),)), ephemeral)
    said = in_force.barred(Claim("P1", "incoming", source=source), NO_LISTS)
    assert said == ("partner P1 may not come from this address any more" if barred else "")
    assert in_force.barred(Claim("P1", "outgoing", source=source), NO_LISTS) == "", "who is dialled comes from nowhere"


def test_a_dialled_partner_is_not_barred_for_a_certificate_that_it_has_not_shown_yet(
    delivering, known, ephemeral
) -> None:
    without = changed(known, pins=())
    assert put(delivering(partners=(without,)), ephemeral).barred(Claim("P1", "outgoing"), NO_LISTS) == ""


def test_before_the_first_configuration_every_claim_is_barred() -> None:
    assert EMPTY.barred(Claim("P1", "outgoing"), NO_LISTS)


@pytest.mark.parametrize(
    ("own", "general", "words"),
    [
        ({"FLD-NEW": "warn"}, {}, ("P1", "FLD-NEW", "there is no rule")),
        ({}, {"FLD-NEW": "warn"}, ("P1", "FLD-NEW", "there is no rule")),
        ({HARD: "ignore"}, {}, ("P1", HARD, "cannot be softened")),
    ],
)
def test_rules_that_this_program_cannot_follow_are_not_usable_and_named(
    delivering, known, ephemeral, own, general, words
) -> None:
    partner = changed(known, rules=PartnerRules(rules=own))
    with pytest.raises(NotUsable) as refused:
        put(delivering(partners=(partner,), rules=SessionRules(rules=general)), ephemeral)
    for word in words:
        assert word in str(refused.value)


def test_two_partners_with_one_certificate_are_not_usable_and_both_named(delivering, known, ephemeral, partner) -> None:
    with pytest.raises(NotUsable, match=f"partners P1 and P2 have the same certificate, SHA-256 {partner.fingerprint}"):
        put(delivering(partners=(known, changed(known, id="P2"))), ephemeral)


def test_two_partners_with_one_id_are_not_usable(delivering, known, ephemeral) -> None:
    with pytest.raises(NotUsable, match="there are two partners P1"):
        put(delivering(partners=(known, changed(known, pins=("0" * 64,)))), ephemeral)


def test_a_disabled_partner_with_a_broken_rule_is_not_usable_either(delivering, known, ephemeral) -> None:
    """Else the day on which it is enabled would be the day on which nothing works any more."""
    odd = changed(known, enabled=False, rules=PartnerRules(rules={"FLD-NEW": "warn"}))
    with pytest.raises(NotUsable, match="P1"):
        put(delivering(partners=(odd,)), ephemeral)


def test_a_session_is_judged_and_bounded_by_what_is_in_force(delivering, known, ephemeral) -> None:
    partner = changed(known, ssid_codes=("O1",), trace=True, rules=PartnerRules(level_5_only=True))
    in_force = put(delivering(partners=(partner,)), ephemeral)
    made = in_force.assignment(partner, "incoming", session="session-1", source="a", target="b")
    assert (made.hop, made.partner, made.direction, made.session) == ("dmz", "P1", "incoming", "session-1")
    assert made.limits == in_force.configuration.limits
    assert made.partner_codes == ("O1",)
    assert made.demands.level_5
    assert made.trace


def below(certificate, name="by id", odette_id="O0013001", **fields):
    """A certificate with an Odette ID below an anchor that asserts it."""
    ca = certificate("CA", ca=True)
    made = certificate(named(name, odette_id), issuer=ca, extensions=[point()], **fields)
    return ca, made


def anchored(delivering, ca, **fields):
    partner = ServerPartner("ID", "By Odette ID", **{"odette_ids": ("O0013001",), **fields})
    return delivering(partners=(partner,), anchors=(Anchor(ca.pem, asserts_odette_ids=True),))


def test_with_an_anchor_whoever_is_not_pinned_is_decided_after_the_handshake(
    delivering, ephemeral, certificate, known, partner
) -> None:
    ca, made = below(certificate)
    in_force = put(anchored(delivering, ca), ephemeral)
    assert in_force.knows(made.shown)
    assert in_force.knows(certificate("stranger").shown)
    assert not in_force.is_pinned(made.shown)
    mixed = anchored(delivering, ca, pins=(partner.fingerprint,), odette_ids=())
    assert not put(mixed, ephemeral).knows(made.shown), "nobody can come in by the anchor"


def test_who_comes_in_below_an_anchor_may_stay_until_its_list_or_its_anchor_says_otherwise(
    delivering, ephemeral, certificate
) -> None:
    ca, made = below(certificate)
    in_force = put(anchored(delivering, ca), ephemeral)
    evidence, admitted = in_force.admit(made.shown, (), "192.0.2.1:5", NO_LISTS)
    assert admitted.partner.id == "ID"
    claim = Claim("ID", "incoming", source="192.0.2.1:5", evidence=evidence)
    assert in_force.barred(claim, NO_LISTS) == ""
    assert in_force.barred(claim, revoking(by=ca)) == ""
    revoked = in_force.barred(claim, revoking(made, by=ca))
    assert revoked.startswith("partner ID is not admitted any more, REVOKED: the certificate is revoked, http://crl")
    without = put(delivering(partners=in_force.configuration.partners), ephemeral)
    assert "UNKNOWN" in without.barred(claim, NO_LISTS)
    other = msgspec.structs.replace(in_force.configuration.partners[0], id="ID2")
    mine = msgspec.structs.replace(other, id="ID", odette_ids=("O7",))
    moved = put(delivering(partners=(mine, other), anchors=in_force.configuration.anchors), ephemeral)
    assert moved.barred(claim, NO_LISTS) == "the certificate is no longer one of partner ID, but of ID2"


def test_what_expires_in_a_session_does_not_end_it(delivery, ephemeral, partner, monkeypatch) -> None:
    in_force = put(delivery, ephemeral)
    evidence, _ = in_force.admit(partner.shown, (), "192.0.2.1:5", NO_LISTS)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 400 * 86_400)
    assert in_force.barred(Claim("P1", "incoming", source="192.0.2.1:5", evidence=evidence), NO_LISTS) == ""


def test_a_list_that_gets_too_old_in_a_session_does_not_end_it(delivering, ephemeral, certificate, monkeypatch) -> None:
    ca, made = below(certificate)
    in_force = put(anchored(delivering, ca), ephemeral)
    hard = dataclasses.replace(in_force.trust, rules=AdmissionRules(revocation="hard"))
    in_force = dataclasses.replace(in_force, trust=hard)
    lists = revoking(by=ca)
    evidence, admitted = in_force.admit(made.shown, (), "192.0.2.1:5", lists)
    assert admitted.partner.id == "ID"
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 400 * 86_400)
    claim = Claim("ID", "incoming", source="192.0.2.1:5", evidence=evidence)
    assert in_force.barred(claim, lists) == ""
    assert in_force.admit(made.shown, (), "192.0.2.1:5", lists)[1].verdict == "EXPIRED"
    assert "REVOKED" in in_force.barred(claim, revoking(made, by=ca))


def test_a_dialled_partner_is_judged_again_by_what_its_session_process_has_seen(
    delivering, ephemeral, certificate
) -> None:
    ca, made = below(certificate)
    in_force = put(anchored(delivering, ca), ephemeral)
    evidence = in_force.witnessed([made.shown, ca.shown], NO_LISTS)
    claim = Claim("ID", "outgoing", evidence=evidence)
    assert in_force.barred(claim, NO_LISTS) == ""
    assert "REVOKED" in in_force.barred(claim, revoking(made, by=ca))
    assert "IDENTITY" in put(anchored(delivering, ca, odette_ids=("O7",)), ephemeral).barred(claim, NO_LISTS)


def test_an_anchor_that_is_no_ca_is_not_usable_and_named(delivering, ephemeral, certificate) -> None:
    leaf = certificate("leaf")
    with pytest.raises(NotUsable, match=f"anchor 1 cannot be used: CN=leaf, SHA-256 {leaf.fingerprint}: it is no CA"):
        put(delivering(anchors=(Anchor(leaf.pem),)), ephemeral)


def test_a_partner_that_cannot_be_read_is_not_usable_and_its_place_is_named(delivery, ephemeral, configuration) -> None:
    partners = [msgspec.json.decode(msgspec.json.encode(configuration.partners[0])) for _ in range(2)]
    partners[1]["port"] = 0
    raw = msgspec.json.decode(msgspec.json.encode(configuration)) | {"partners": partners}
    with pytest.raises(NotUsable, match=r"partner 2: .*\$.port"):
        put(changed(delivery, configuration=msgspec.Raw(msgspec.json.encode(raw))), ephemeral)
