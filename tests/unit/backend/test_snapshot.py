import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from seon.backend import snapshot
from seon.backend.acting.actors import owner
from seon.backend.configuration.keys import set_setting
from seon.backend.configuration.models import Settings, TracedSession
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.partners.adding import add_partner
from seon.backend.partners.keys import set_partner_setting
from seon.backend.partners.models import Partner
from seon.backend.proxies.actions import add_listener
from seon.backend.snapshot import Snapshot
from seon.backend.trust.own_actions import Addition, add_certificate
from seon.config import (
    FORMAT,
    ClientConfiguration,
    FileRules,
    PartnerFileRules,
    PartnerRules,
    ProxyConfiguration,
    ReceiveDaemon,
    ServerConfiguration,
    SessionRules,
)


def taken(address: str = "127.0.0.1") -> Snapshot:
    """Read what is served, each part as its reader does."""
    served = msgspec.json.decode(snapshot.encoded_snapshot(address), type=ProxyConfiguration)
    assert (served.format, served.server_format) == (FORMAT, FORMAT)
    server = msgspec.json.decode(served.server, type=ServerConfiguration)
    assert served.blobs == server.crls
    assert served.certificate_id == (server.own_certificate.id if server.own_certificate else "")
    return Snapshot(served.version, server, served.client)


def test_a_fresh_installation_serves_the_defaults() -> None:
    found = taken()
    assert found.server == ServerConfiguration()
    assert found.client == ClientConfiguration()
    assert found.version == read_version()


def test_everything_that_was_set_is_in_it(certificate_of: Callable[..., Any]) -> None:
    made = certificate_of("P1")
    add_partner("P1", "Partner one", ["O0013P1", "O0013P2"], [made.pem.encode()], host="p1.example", port=6_620)
    add_certificate(owner(), Addition(files=[made.pem.encode(), made.old_key_pem], use=True))
    for key, value in {
        "external_port": "7000", "external_address": "127.0.0.1", "outgoing_address": "10.0.0.1", "profile": "strict",
        "receive_daemon": "sta.example:3305", "sessions": "7", "idle_seconds": "100",
    }.items():  # fmt: skip
        set_setting(key, value)
    der = x509.load_pem_x509_certificate(made.pem.encode()).public_bytes(Encoding.DER)
    pin = hashlib.sha256(der).hexdigest()

    found = taken()
    server, client = found.server, found.client
    assert (server.external_port, server.external_address, server.outgoing_address) == (7_000, "127.0.0.1", "10.0.0.1")
    assert server.own_certificate is not None
    assert (server.own_certificate.id, server.own_certificate.chain.encode()) == (pin, made.pem.encode())
    (partner,) = server.partners
    assert (partner.id, partner.name, partner.host, partner.port) == ("P1", "Partner one", "p1.example", 6_620)
    assert (partner.ssid_codes, partner.pins) == (("O0013P1", "O0013P2"), (pin,))
    assert client.partners[0].ssid_codes == partner.ssid_codes
    assert client.receive_daemon is not None
    assert (client.receive_daemon.host, client.receive_daemon.port) == ("sta.example", 3_305)
    assert server.rules.profile == "strict"
    assert (server.limits.sessions, client.limits.sessions) == (7, 7)
    assert (server.limits.idle_seconds, client.limits.idle_seconds) == (100, 130)


def test_the_rules_are_in_it_for_both_hosts_alike() -> None:
    add_partner("P1", "One", [], [])
    add_partner("P2", "Two", [], [])
    for key, value in {
        "level_5_only": "yes", "secure_authentication": "yes", "rules.FLD-XPAD": "ignore", "rules.FLD-X/case": "refuse",
        "incoming_max_octets": "1000", "incoming_names": "A*, B?", "incoming_destinations": "O1,O2",
        "incoming_originators": "*", "outgoing_max_octets": "2000", "outgoing_originators": "O3",
    }.items():  # fmt: skip
        set_setting(key, value)
    for key, value in {
        "profile": "strict", "level_5_only": "no", "rules.FLD-XPAD": "warn", "incoming_max_octets": "0",
        "incoming_destinations": "*", "outgoing_names": "C*", "outgoing_originators": "O4", "trace": "yes",
    }.items():  # fmt: skip
        set_partner_setting("P1", key, value)
    found = taken()
    assert found.server.rules == found.client.rules == SessionRules(
        "default", {"FLD-XPAD": "ignore", "FLD-X/case": "refuse"}, level_5_only=True, secure_authentication=True,
        incoming=FileRules(1_000, ("A*", "B?"), ("O1", "O2"), ()),
        outgoing=FileRules(2_000, (), (), ("O3",)),
    )  # fmt: skip
    for one, two in (found.server.partners, found.client.partners):
        assert one.rules == PartnerRules(
            "strict", {"FLD-XPAD": "warn"}, level_5_only=False,
            incoming=PartnerFileRules(0, None, (), None),
            outgoing=PartnerFileRules(None, ("C*",), None, ("O4",)),
        )  # fmt: skip
        assert one.trace is True
        assert two.rules == PartnerRules()
        assert two.trace is False


def test_the_sessions_to_be_traced_are_in_it() -> None:
    TracedSession(session="0123456789abcdef").save()
    found = taken()
    assert found.server.traced_sessions == found.client.traced_sessions == ("0123456789abcdef",)


def test_the_server_is_told_nothing_of_the_inside() -> None:
    add_partner("P1", "One", [], [])
    set_setting("receive_daemon", "sta.inside:3305")
    add_listener(owner(), "main/127.0.0.1", 4_305, "P1")
    shown = msgspec.json.encode(taken().server)
    assert b"sta.inside" not in shown
    assert b"4305" not in shown


def test_no_private_key_is_in_it(certificate_of: Callable[..., Any]) -> None:
    made = certificate_of("own")
    add_certificate(owner(), Addition(files=[made.pem.encode(), made.old_key_pem], use=True))
    assert b"PRIVATE KEY" not in snapshot.encoded_snapshot("127.0.0.1")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_client_finds_its_listeners_by_its_own_address(address: str) -> None:
    add_partner("P1", "One", [], [])
    add_listener(owner(), "main/::1", 4_305, "P1")
    add_listener(owner(), "other/10.0.0.1", 4_306, "P1")
    assert [listener.port for listener in taken(address).client.listeners] == [4_305]
    assert [listener.port for listener in taken("10.0.0.1").client.listeners] == [4_306]
    assert taken("10.0.0.2").client.listeners == ()


def test_hosts_and_addresses_of_an_older_version_are_served_as_they_are() -> None:
    Settings(pk=1).save()
    Settings.objects.update(external_address="fe80::1%eth0", receive_daemon_host="10.1.2")
    Partner.objects.bulk_create([Partner(identifier="P1", name="One", host="p1.example:6619")])
    found = taken()
    assert (found.server.external_address, found.server.partners[0].host) == ("fe80::1%eth0", "p1.example:6619")
    assert found.client.receive_daemon == ReceiveDaemon("10.1.2")


def test_what_slipped_past_validation_is_refused_and_not_served() -> None:
    Partner.objects.bulk_create([Partner(identifier="not an id", name="One")])
    with pytest.raises(OperatorError, match="not valid"):
        taken()


def test_a_change_in_the_middle_is_never_mixed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    build = snapshot.build
    changes = iter([True, True, False])

    def build_while_somebody_changes(version: int, address: str) -> Snapshot:
        found = build(version, address)
        if next(changes):
            set_setting("external_port", str(7_000 + version))
        return found

    monkeypatch.setattr(snapshot, "build", build_while_somebody_changes)
    found = taken()
    assert found.version == read_version()
    assert found.server.external_port == 7_000 + found.version - 1
