"""The contexts of a configuration: old stations get what they need where they are known, and nobody else does."""

import contextlib
import os
import sys
from pathlib import Path

import msgspec
import pytest
from OpenSSL import SSL

from seon.admission.steps import finished
from seon.admission.trust import compiled
from seon.config import AdmissionRules, Anchor, OwnCertificate, ServerConfiguration, ServerPartner
from seon.link.sealing import wipe
from seon.net.context import accepting, connecting, forget_all_keys
from seon.net.networks import Networks
from seon.process.memory import scrub_freed
from seon.server.contexts import Contexts, contexts_of, old_networks
from unit.server.putting import put

OLD = ServerPartner("OLD", "Old", old_tls=True, networks=("192.0.2.0/24",), host="old.example")
OLD_SUITES = b"ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384"


def anyone(_: object) -> bool:
    return True


@pytest.fixture
def made(configuration, ours):
    def make(*partners: ServerPartner, **fields) -> Contexts:
        changed = msgspec.structs.replace(configuration, partners=partners, **fields)
        anchors = tuple(compiled(changed).anchors)
        return contexts_of(changed, bytearray(ours.key_pem), anyone, anyone, anchors, finished(old_networks(changed)))

    return make


def station(partner, suites: bytes = b"") -> SSL.Connection:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.use_certificate(partner.certificate)
    context.use_privatekey(partner.key)
    if suites:
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        context.set_cipher_list(suites)
    return connecting(context)


def test_where_no_partner_is_old_there_is_no_old_context(made) -> None:
    contexts = made(ServerPartner("P1", "One", networks=("192.0.2.0/24",), host="one.example"))
    assert (contexts.old_gate, contexts.old_dialler) == (None, None)
    assert not contexts.old_networks


def test_a_disabled_partner_opens_nothing(made) -> None:
    assert made(msgspec.structs.replace(OLD, enabled=False)).old_gate is None


def test_an_old_partner_without_networks_can_be_dialled_only(made) -> None:
    contexts = made(msgspec.structs.replace(OLD, networks=()))
    assert contexts.old_gate is None, "everybody would be offered what it needs"
    assert contexts.old_dialler is not None


def test_an_old_partner_without_a_host_calls_only(made) -> None:
    contexts = made(msgspec.structs.replace(OLD, host=""))
    assert contexts.old_gate is not None
    assert contexts.old_dialler is None


def test_who_calls_from_an_old_partners_network_may_be_old(delivering, ephemeral, shake, partner) -> None:
    in_force = put(delivering(partners=(msgspec.structs.replace(OLD, pins=(partner.fingerprint,)),)), ephemeral)
    assert in_force.gate_for("192.0.2.9") is in_force.old_gate
    assert in_force.gate_for("::ffff:192.0.2.9") is in_force.old_gate
    assert in_force.gate_for("198.51.100.9") is in_force.gate
    one = accepting(in_force.gate_for("192.0.2.9").context)
    shake(one, station(partner, OLD_SUITES))
    assert one.get_cipher_name() == "ECDHE-ECDSA-AES256-SHA384"
    with pytest.raises(SSL.Error, match="no shared cipher"):
        shake(accepting(in_force.gate_for("198.51.100.9").context), station(partner, OLD_SUITES))


def test_a_stranger_from_an_old_partners_network_stays_a_stranger(delivering, ephemeral, shake, partner, certificate):
    in_force = put(delivering(partners=(msgspec.structs.replace(OLD, pins=(partner.fingerprint,)),)), ephemeral)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(accepting(in_force.gate_for("192.0.2.9").context), station(certificate("stranger"), OLD_SUITES))


def test_only_the_old_partner_is_dialled_as_one(delivering, ephemeral) -> None:
    new = ServerPartner("NEW", "New", host="new.example")
    in_force = put(delivering(partners=(OLD, new)), ephemeral)
    assert in_force.dialler_for(OLD) is in_force.old_dialler
    assert in_force.dialler_for(new) is in_force.dialler
    assert in_force.old_dialler is not in_force.dialler


def test_callers_are_told_the_anchors_where_the_rules_say_so(made, shake, partner, certificate) -> None:
    anchors = (Anchor(certificate("Anchor", ca=True).pem),)
    for ca_names in (False, True):
        contexts = made(OLD, anchors=anchors, admission=AdmissionRules(ca_names=ca_names))
        for gate in (contexts.gate, contexts.old_gate):
            two = station(partner)
            shake(accepting(gate.context), two)
            assert [name.CN for name in two.get_client_ca_list()] == (["Anchor"] if ca_names else [])


def test_a_session_process_has_the_key_in_none_of_the_contexts(alone, ours, partner, tmp_path) -> None:
    for name, one in (("ours", ours), ("partner", partner)):
        one.write(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
    assert alone(fork_and_search, tmp_path).strip() == "gone"


def fork_and_search(directory: str) -> None:
    """Fork as a main does, and look into the child's memory when it has forgotten the keys; before, they are there."""
    place = Path(directory)
    own = OwnCertificate("own", (place / "ours.pem").read_text())
    key = bytearray((place / "ours.key").read_bytes())
    configuration = ServerConfiguration(own_certificate=own, partners=(OLD,))
    contexts = contexts_of(configuration, key, anyone, anyone, networks=Networks(OLD.networks))
    assert contexts.old_gate
    wipe(key)
    scrub_freed()
    with_keys, without = fork(lambda: None), fork(forget, contexts)
    sys.path.append(str(Path(__file__).parents[2]))
    from functional.memory import found_in, key_needles

    needles = {name: needle for name, needle in key_needles("key", place / "ours.key").items() if "PEM" not in name}
    try:
        if not found_in(with_keys, needles):
            raise SystemExit("the search finds nothing")
        if found := found_in(without, needles):
            raise SystemExit(f"found: {found}")
    finally:
        for pid in (with_keys, without):
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    print("gone")


def forget(contexts: Contexts) -> None:
    """Give the keys up in all contexts, and see that no handshake works any more."""
    made = [contexts.gate, contexts.dialler, contexts.old_gate, contexts.old_dialler]
    assert all(made)
    forget_all_keys()
    scrub_freed()
    for server, client in ((made[0], made[1]), (made[2], made[3])):
        one, two = accepting(server.context), connecting(client.context)
        with contextlib.suppress(SSL.Error):
            for near, far in ((two, one), (one, two), (two, one), (one, two)):
                with contextlib.suppress(SSL.WantReadError):
                    near.do_handshake()
                with contextlib.suppress(SSL.WantReadError):
                    far.bio_write(near.bio_read(65_536))
            raise SystemExit("a handshake works without its key")


def fork(then, *arguments: object) -> int:
    """Return the id of a child that has done this, and waits until it is killed, or we are gone."""
    said, saying = os.pipe()
    waiting, _ours = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(_ours)
            then(*arguments)
            os.write(saying, b"1")
            os.close(saying)
            os.read(waiting, 1)
        finally:
            os._exit(1)
    os.close(saying)
    if os.read(said, 1) != b"1":
        raise SystemExit("the child has failed")
    return pid
