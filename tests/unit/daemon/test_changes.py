"""What is new in a configuration: each part by ids and counts, nothing that is secret, and bounded."""

import time
from typing import Any

import msgspec

from seon.config import (
    ClientConfiguration,
    ClientPartner,
    Limits,
    OutgoingListener,
    OwnCertificate,
    ReceiveDaemon,
    RevocationList,
    ServerConfiguration,
    ServerPartner,
    SessionRules,
)
from seon.daemon.changes import MAX_NAMED, changes, say_changes
from seon.daemon.log import Log
from seon.process.levels import Level

CHAIN = "-----BEGIN CERTIFICATE-----"


def partner(name: str, **fields: Any) -> ServerPartner:
    return ServerPartner(name, name, **fields)


def crl(digits: str) -> RevocationList:
    return RevocationList(digits * 32, CHAIN)


def server(**fields: Any) -> ServerConfiguration:
    return ServerConfiguration(**fields)


def test_partners_are_told_by_id_and_a_changed_one_with_the_fields_that_changed() -> None:
    before = server(partners=(partner("OLD"), partner("SAME"), partner("MOVED")))
    moved = partner("MOVED", host="192.0.2.7", pins=("ab" * 32,))
    after = server(partners=(partner("SAME"), moved, partner("NEW")))
    assert list(changes(before, after)) == [
        "partners: 1 added: NEW",
        "partners: 1 removed: OLD",
        "partners: 1 changed: MOVED (pins, host)",
    ]


def test_of_very_many_changed_partners_only_those_that_are_named_are_looked_at_field_by_field() -> None:
    before, after = (
        server(partners=tuple(partner(f"P{number}", port=port) for number in range(10_000))) for port in (1, 2)
    )
    began = time.process_time()
    (told,) = changes(before, after)
    assert time.process_time() - began < 5
    assert told.startswith("partners: 10000 changed: P0 (port), P1 (port), ")
    assert told.endswith("P9 (port) and 9990 more")


def test_certificate_ports_limits_rules_and_crls_have_a_line_each() -> None:
    before = server(own_certificate=OwnCertificate("one", CHAIN), crls=(crl("ab"), crl("cd")))
    after = server(
        own_certificate=OwnCertificate("two", CHAIN),
        crls=(crl("cd"), crl("ef"), crl("01")),
        external_port=7000,
        outgoing_address="192.0.2.9",
        limits=Limits(sessions=7, handshakes=8),
        rules=SessionRules(profile="strict"),
    )
    told = list(changes(before, after))
    assert told == [
        "external port: 7000, before 6619",
        "outgoing address: 192.0.2.9, before (none)",
        "own certificate: two, before one",
        "crls: 3, of them 2 new; 1 removed",
        "limits: 2 set: handshakes 8, sessions 7",
        "rules: 1 changed: profile",
    ]
    assert CHAIN not in "".join(told)


def test_of_a_certificate_that_comes_or_goes_or_gets_another_chain_it_is_said_so() -> None:
    without, one = server(), server(own_certificate=OwnCertificate("one", CHAIN))
    assert list(changes(without, one)) == ["own certificate: one, the first"]
    assert list(changes(one, without)) == ["own certificate: none any more"]
    other = server(own_certificate=OwnCertificate("one", CHAIN + "x"))
    assert list(changes(one, other)) == ["own certificate: one has another chain"]


def test_the_client_is_told_of_its_receive_daemon_and_its_ports() -> None:
    before = ClientConfiguration(listeners=(OutgoingListener(1, "A"), OutgoingListener(2, "B")))
    after = ClientConfiguration(
        receive_daemon=ReceiveDaemon("inside", 3305),
        listeners=(OutgoingListener(2, "B"), OutgoingListener(3, "C", "10.0.0.1")),
        partners=(ClientPartner("A", "A"),),
        traced_sessions=("session-1",),
    )
    assert list(changes(before, after)) == [
        "receive daemon: inside port 3305, before none",
        "listeners: 1 added: 10.0.0.1 port 3 for C",
        "listeners: 1 removed: 127.0.0.1 port 1 for A",
        "partners: 1 added: A",
        "traced sessions: 1, of them 1 new; 0 removed",
    ]


def test_a_large_change_names_a_few_and_counts_the_rest() -> None:
    many = server(partners=tuple(partner(f"P{number}") for number in range(10_000)))
    (line,) = changes(server(), many)
    assert line.startswith("partners: 10000 added: P0, P1, ")
    assert line.endswith(f" and {10_000 - MAX_NAMED} more")


def test_every_part_of_both_configurations_has_words() -> None:
    for kind in (ServerConfiguration, ClientConfiguration):
        assert list(changes(kind(), kind())) == ["nothing has changed"]
        assert {"partners", "limits", "rules"} < {field.name for field in msgspec.structs.fields(kind)}


def test_it_is_written_where_somebody_reads_it_only(tmp_path) -> None:
    log = Log(tmp_path, "log")
    log.level_changed(Level.INFO)
    say_changes(log, 7, server(), server(external_port=7000))
    log.level_changed(Level.DEBUG)
    say_changes(log, 8, server(), server(external_port=7000))
    lines = [text for text in log.path.read_text().splitlines() if "Configuration" in text]
    assert len(lines) == 1
    assert lines[0].endswith(" Configuration 8: external port: 7000, before 6619")
