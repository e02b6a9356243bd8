"""A configuration is built whole, or not at all."""

import msgspec
import pytest

from seon.admission.partners import Refused
from seon.api_messages import SealedKey
from seon.build import this_build
from seon.config import FORMAT, OLDEST_FORMAT, OwnCertificate, ServerPartner
from seon.link.sealing import EphemeralKey
from seon.net.context import accepting, connecting
from seon.server import in_force as module
from seon.server.in_force import EMPTY, NotUsable, put_in_force
from seon.session.run import make_task


def changed(struct, **fields):
    return msgspec.structs.replace(struct, **fields)


def test_a_configuration_in_force_admits_its_partners_and_nobody_else(
    delivery, ephemeral, partner, certificate
) -> None:
    in_force = put_in_force(delivery, ephemeral)
    assert in_force.version == 7
    assert in_force.missing() == ""
    identity, found = in_force.admit(partner.certificate)
    assert found.id == "P1"
    assert identity.fingerprint == partner.fingerprint
    assert in_force.knows(partner.certificate)
    assert not in_force.knows(certificate("stranger").certificate)
    assert isinstance(in_force.admit(certificate("stranger").certificate)[1], Refused)


def test_its_contexts_are_a_proxys(delivery, ephemeral, shake, delivering, configuration) -> None:
    in_force = put_in_force(delivery, ephemeral)
    changed_partner = ServerPartner("us", "Ourselves", pins=(configuration.own_certificate.id,))
    ours = delivering(partners=(changed_partner,))
    both = put_in_force(ours, ephemeral)
    shake(accepting(both.gate.context), connecting(in_force.dialler.context))


def test_without_a_certificate_the_gate_stays_closed_and_it_is_said_why(ephemeral, delivering) -> None:
    bare = changed(delivering(own_certificate=None), version=8, sealed_key=None)
    in_force = put_in_force(bare, ephemeral)
    assert (in_force.gate, in_force.dialler) == (None, None)
    assert "seonapi certificate add" in in_force.missing()


def test_before_the_first_configuration_nobody_may_enter(partner) -> None:
    assert EMPTY.gate is None
    assert not EMPTY.knows(partner.certificate)
    assert EMPTY.version == 0


def test_a_certificate_without_its_key_is_not_usable(delivery, ephemeral) -> None:
    for sealed in (None, SealedKey("0" * 64, delivery.sealed_key.sealed)):
        with pytest.raises(NotUsable, match="key of our certificate is missing"):
            put_in_force(changed(delivery, sealed_key=sealed), ephemeral)


def test_a_key_sealed_to_another_server_is_not_usable(delivery, other_link_pki) -> None:
    with pytest.raises(NotUsable, match="does not belong"):
        put_in_force(delivery, EphemeralKey(other_link_pki.identity))


@pytest.mark.parametrize("chain", ["nonsense", ""])
def test_a_chain_that_cannot_be_read_is_not_usable(ephemeral, chain, delivering, configuration) -> None:
    own = OwnCertificate(configuration.own_certificate.id, chain)
    with pytest.raises(NotUsable, match="chain cannot be read"):
        put_in_force(delivering(own_certificate=own), ephemeral)


def test_a_key_of_another_certificate_is_not_usable(ephemeral, partner, delivering, configuration) -> None:
    own = OwnCertificate(configuration.own_certificate.id, partner.pem)
    with pytest.raises(NotUsable):
        put_in_force(delivering(own_certificate=own), ephemeral)


@pytest.mark.parametrize("field", ["external_address", "outgoing_address"])
def test_an_address_that_is_none_is_not_usable(ephemeral, field, delivering) -> None:
    """Found here, not by the listener: an exception there would close the internal port for good."""
    with pytest.raises(NotUsable, match="is not an IP address"):
        put_in_force(delivering(**{field: "no address"}), ephemeral)


@pytest.mark.parametrize(("number", "older"), [(FORMAT + 1, "this server"), (OLDEST_FORMAT - 1, "Seonapi")])
def test_a_configuration_of_a_format_that_this_server_does_not_know_names_the_host_to_upgrade(
    delivery, ephemeral, number, older
) -> None:
    with pytest.raises(NotUsable, match=f"this server .*knows.*upgrade the host of {older}$") as refused:
        put_in_force(changed(delivery, format=number), ephemeral)
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
        put_in_force(changed(delivery, configuration=msgspec.Raw(raw)), ephemeral)


def test_the_key_in_the_clear_is_overwritten(delivery, ephemeral, monkeypatch, ours) -> None:
    wiped = []
    real = module.wipe
    monkeypatch.setattr(module, "wipe", lambda key: (wiped.append((bytes([*key]), key)), real(key)))
    put_in_force(delivery, ephemeral)
    ((before, after),) = wiped
    assert before == ours.key_pem
    assert after == bytes(len(before))


def test_the_key_is_overwritten_also_when_it_cannot_be_used(ephemeral, monkeypatch, delivering, configuration) -> None:
    wiped = []
    monkeypatch.setattr(module, "wipe", wiped.append)
    own = OwnCertificate(configuration.own_certificate.id, "nonsense")
    with pytest.raises(NotUsable):
        put_in_force(delivering(own_certificate=own), ephemeral)
    assert len(wiped) == 1


def test_a_disabled_partner_is_found_nowhere(ephemeral, partner, delivering, configuration) -> None:
    disabled = changed(configuration.partners[0], enabled=False)
    in_force = put_in_force(delivering(partners=(disabled,)), ephemeral)
    assert in_force.partner("P1") is None
    assert not in_force.knows(partner.certificate)


def test_running_sessions_are_barred_by_what_bars_new_ones(delivery, ephemeral, partner, configuration) -> None:
    in_force = put_in_force(delivery, ephemeral)
    known = configuration.partners[0]

    def task(partner, fingerprint=""):
        return make_task("dmz", "incoming", "s" * 10, partner, ("a", "b"), configuration, fingerprint)

    assert not in_force.bars(task(known, partner.fingerprint))
    assert not in_force.bars(task(known)), "an outgoing one, or one of which only the partner is known"
    assert in_force.bars(task(known, "0" * 64)), "its certificate was taken away"
    assert in_force.bars(task(changed(known, id="P2"))), "its partner was removed"
