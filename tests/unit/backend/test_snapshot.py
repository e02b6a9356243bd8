import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from seon.backend import snapshot
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.configuration.keys import set_setting
from seon.backend.configuration.models import Settings, TracedSession
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.partners.actions import add_partner
from seon.backend.partners.keys import set_partner_setting
from seon.backend.partners.models import Partner, PartnerName
from seon.backend.proxies.actions import add_client, add_listener, change_server
from seon.backend.snapshot import Snapshot
from seon.backend.trust.license_actions import issue_license, withdraw_license
from seon.backend.trust.models import License, Token
from seon.backend.trust.own_actions import Addition, add_certificate
from seon.backend.trust.token_actions import change_token, new_token
from seon.config import (
    FORMAT,
    AdmissionRules,
    CertificateName,
    ClientConfiguration,
    FileRules,
    PartnerAdmission,
    PartnerFileRules,
    PartnerRules,
    ProxyConfiguration,
    ReceiveDaemon,
    ServerConfiguration,
    ServerPartner,
    ServerSettings,
    SessionRules,
)
from seon.link.standing import Standing


def taken(address: str = "127.0.0.1", token: Token | None = None) -> Snapshot:
    """Read what is served, each part as its reader does."""
    served = msgspec.json.decode(snapshot.encoded_snapshot(address, token=token), type=ProxyConfiguration)
    assert (served.format, served.server_format) == (FORMAT, FORMAT)
    server = msgspec.json.decode(served.server, type=ServerConfiguration)
    assert served.blobs == tuple(one.sha256 for one in server.crls)
    assert served.certificate_id == (server.own_certificate.id if server.own_certificate else "")
    own = {proxy_id: msgspec.json.decode(part, type=ServerSettings) for proxy_id, part in served.servers.items()}
    standings = {proxy_id: msgspec.json.decode(part, type=Standing) for proxy_id, part in served.standings.items()}
    return Snapshot(served.version, server, served.client, own, standings)


def test_a_fresh_installation_serves_the_defaults() -> None:
    found = taken()
    assert found.server == ServerConfiguration()
    assert found.client == ClientConfiguration()
    assert found.version == read_version()


def test_everything_that_was_set_is_in_it(certificate_of: Callable[..., Any]) -> None:
    made = certificate_of("P1")
    add_partner(
        owner(),
        "P1",
        "Partner one",
        ["O0013P1", "O0013P2"],
        [made.pem.encode()],
        host="p1.example",
        port=6_620,
        networks=["192.0.2.0/24", "2001:db8::/48"],
        notes="telephone 0815",
    )
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
    assert partner.networks == ("192.0.2.0/24", "2001:db8::/48")
    assert client.partners[0].ssid_codes == partner.ssid_codes
    assert b"0815" not in snapshot.encoded_snapshot("127.0.0.1"), "notes stay inside"
    assert client.receive_daemon is not None
    assert (client.receive_daemon.host, client.receive_daemon.port) == ("sta.example", 3_305)
    assert server.rules.profile == "strict"
    assert (server.limits.sessions, client.limits.sessions) == (7, 7)
    assert (server.limits.idle_seconds, client.limits.idle_seconds) == (100, 130)


def test_who_may_come_in_is_in_it(certificate_of: Callable[..., Any]) -> None:
    one, two = certificate_of("One", ca=True), certificate_of("Two", ca=True)
    add_anchor(owner(), one.pem.encode(), asserts_odette_ids=True)
    add_anchor(owner(), two.pem.encode())
    add_partner(owner(), "P1", "One", [], [])
    add_partner(owner(), "P2", "Two", [], [])
    PartnerName(partner=Partner.objects.get(identifier="P1"), issuer="CN=Two", subject="CN=P1,O=x").save()
    for key, value in {
        "anchors": "One", "odette_ids": "O1, O2", "sessions": "3", "old_tls": "yes", "admission_usage": "ignore",
        "admission_revocation": "hard",
    }.items():  # fmt: skip
        set_partner_setting("P1", key, value)
    for key, value in {
        "admission_usage": "refuse", "admission_rsa_bits": "3072", "load_balancers": "10.0.0.1",
        "exempt_networks": "10.1.0.0/16",
    }.items():  # fmt: skip
        set_setting(key, value)
    found = taken()
    assert {(anchor.certificate, anchor.asserts_odette_ids) for anchor in found.server.anchors} == {
        (one.pem, True), (two.pem, False),
    }  # fmt: skip
    assert found.server.admission == AdmissionRules(usage="refuse", rsa_bits=3_072)
    assert (found.server.load_balancers, found.server.exempt_networks) == (("10.0.0.1/32",), ("10.1.0.0/16",))
    first, second = found.server.partners
    assert (first.anchors, first.odette_ids, first.sessions) == ((one.fingerprint,), ("O1", "O2"), 3)
    assert first.names == (CertificateName(issuer="CN=Two", subject="CN=P1,O=x"),)
    assert (first.old_tls, first.admission) == (True, PartnerAdmission(usage="ignore", revocation="hard"))
    assert second == ServerPartner(id="P2", name="Two")
    assert [partner.sessions for partner in found.client.partners] == [3, None]


def test_the_rules_are_in_it_for_both_hosts_alike() -> None:
    add_partner(owner(), "P1", "One", [], [])
    add_partner(owner(), "P2", "Two", [], [])
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
    add_partner(owner(), "P1", "One", [], [])
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
    add_partner(owner(), "P1", "One", [], [])
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

    def build_while_somebody_changes(version: int, address: str, token: Token | None) -> Snapshot:
        found = build(version, address, token)
        if next(changes):
            set_setting("external_port", str(7_000 + version))
        return found

    monkeypatch.setattr(snapshot, "build", build_while_somebody_changes)
    found = taken()
    assert found.version == read_version()
    assert found.server.external_port == 7_000 + found.version - 1


OTHER = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511apx"  # RFC 8032 §7.1, test 1


def test_each_server_has_its_own_external_port_outgoing_address_and_limits(proxy_id: str) -> None:
    for server in (proxy_id, OTHER):
        issue_license(owner(), server, 30)
    set_setting("outgoing_address", "10.0.0.1")
    change_server(owner(), proxy_id, external_port="7001", external_address="192.0.2.1", sessions="7", name="west")
    change_server(owner(), OTHER, outgoing_address="10.0.0.2")
    found = taken()
    west, east = (found.server.with_settings(found.servers[server]) for server in (proxy_id, OTHER))
    assert (west.external_port, west.external_address, west.outgoing_address) == (7001, "192.0.2.1", "10.0.0.1")
    assert (east.external_port, east.external_address, east.outgoing_address) == (6619, "", "10.0.0.2")
    assert (west.limits.sessions, east.limits.sessions) == (7, 200)
    assert west.limits.idle_seconds == 300, "what it has not for itself is as in general"
    assert found.client.server_limits[proxy_id].sessions == 7, "the inside holds a server to its own limits"
    assert found.client.server_limits[proxy_id].idle_seconds == 330
    assert OTHER not in found.client.server_limits


def test_the_licenses_in_force_are_named_and_a_withdrawn_one_is_not(proxy_id: str) -> None:
    first, second = (issue_license(owner(), proxy_id, 30) for _ in range(2))
    assert taken().client.licenses == tuple(sorted([first.serial, second.serial]))
    withdraw_license(owner(), first.serial.lower())
    assert taken().client.licenses == (second.serial,)


def test_a_license_that_has_just_ended_is_not_said_to_be_withdrawn(proxy_id: str) -> None:
    ended, long_ago = (issue_license(owner(), proxy_id, 30) for _ in range(2))
    License.objects.filter(pk=ended.pk).update(not_after=timezone.now() - timedelta(hours=1))
    License.objects.filter(pk=long_ago.pk).update(not_after=timezone.now() - timedelta(days=31))
    assert taken().client.licenses == (ended.serial,)


def test_a_client_gets_the_servers_of_its_token_only(proxy_id: str) -> None:
    mine, other = (issue_license(owner(), server, 30) for server in (proxy_id, OTHER))
    new_token(owner(), "main", [proxy_id])
    found = taken(token=Token.objects.get())
    assert list(found.servers) == [proxy_id]
    assert found.client.licenses == (mine.serial,)
    change_token(owner(), "main", proxy_ids=())
    found = taken(token=Token.objects.get())
    assert set(found.servers) == {proxy_id, OTHER}
    assert set(found.client.licenses) == {mine.serial, other.serial}


def test_each_client_has_its_own_receive_daemon() -> None:
    set_setting("receive_daemon", "general.example:3305")
    add_client(owner(), "one", "10.0.0.5", receive_daemon_host="one.example")
    add_client(owner(), "two", "10.0.0.6", receive_daemon_host="two.example", receive_daemon_port="4000")
    add_client(owner(), "three", "10.0.0.7", receive_daemon_port="4001")
    daemons = {address: taken(f"10.0.0.{address}").client.receive_daemon for address in (5, 6, 7, 8)}
    assert daemons == {
        5: ReceiveDaemon("one.example", 3305), 6: ReceiveDaemon("two.example", 4000),
        7: ReceiveDaemon("general.example", 4001), 8: ReceiveDaemon("general.example", 3305),
    }  # fmt: skip
