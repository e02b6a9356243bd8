"""The configuration is checked where it is decoded: what one side does not know is never dropped in silence."""

import json

import msgspec
import pytest

from seon.config import (
    FORMAT,
    ClientConfiguration,
    ClientPartner,
    FileRules,
    Limits,
    OutgoingListener,
    PartnerFileRules,
    PartnerRules,
    ProxyConfiguration,
    ReceiveDaemon,
    ServerConfiguration,
    ServerPartner,
    SessionRules,
)
from seon.oftp2.rules import RULES

SERVER = ServerConfiguration(
    partners=(ServerPartner("P1", "One", pins=("ab" * 32,), ssid_codes=("O0013",), trace=True),),
    rules=SessionRules("strict", {"FLD-X/case": "warn", "FLD-XPAD": "ignore"}, level_5_only=True),
    traced_sessions=("0123456789abcdef",),
)
CLIENT = ClientConfiguration(
    ReceiveDaemon("127.0.0.1"),
    (OutgoingListener(4305, "P1"),),
    (ClientPartner("P1", "One", rules=PartnerRules(incoming=PartnerFileRules(0, ("A B*", "?"), ("O0013",)))),),
)
SERVED = ProxyConfiguration(7, msgspec.Raw(msgspec.json.encode(SERVER)), CLIENT)


def test_a_configuration_survives_its_way() -> None:
    served = msgspec.json.decode(msgspec.json.encode(SERVED), type=ProxyConfiguration)
    assert served == SERVED
    assert msgspec.json.decode(served.server, type=ServerConfiguration) == SERVER
    assert (served.format, served.server_format) == (FORMAT, FORMAT)


@pytest.mark.parametrize(
    ("part", "place"),
    [(SERVER, ()), (SERVER, ("limits",)), (SERVER, ("partners", 0)), (CLIENT, ()), (CLIENT, ("receive_daemon",))],
)
def test_an_unknown_field_is_refused_wherever_it_stands(part, place) -> None:
    tree = json.loads(msgspec.json.encode(part))
    target = tree
    for name in place:
        target = target[name]
    target["nobody_knows"] = 1
    with pytest.raises(msgspec.ValidationError, match="nobody_knows"):
        msgspec.convert(tree, type(part))


def test_the_client_reads_its_own_part_and_not_the_servers() -> None:
    tree = json.loads(msgspec.json.encode(SERVED))
    tree["server"]["nobody_knows"], tree["server_format"] = [{"of": "a later year"}], FORMAT + 7
    tree["added_around_both"] = 1
    served = msgspec.json.decode(json.dumps(tree), type=ProxyConfiguration)
    assert json.loads(bytes(served.server)) == tree["server"]
    tree["client"]["nobody_knows"] = 1
    with pytest.raises(msgspec.ValidationError, match="nobody_knows"):
        msgspec.json.decode(json.dumps(tree), type=ProxyConfiguration)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ServerPartner, {"id": "P 1", "name": "x"}),
        (ServerPartner, {"id": "P1\n", "name": "x"}),
        (ServerPartner, {"id": "", "name": "x"}),
        (ServerPartner, {"id": "P1", "name": ""}),
        (ServerPartner, {"id": "P1", "name": "x", "pins": ["AB" * 32]}),
        (ServerPartner, {"id": "P1", "name": "x", "pins": ["ab" * 32 + "\n"]}),
        (ServerPartner, {"id": "P1", "name": "x", "port": 0}),
        (ServerPartner, {"id": "P1", "name": "x", "ssid_codes": ["x" * 26]}),
        (OutgoingListener, {"port": 65_536, "partner": "P1"}),
        (ReceiveDaemon, {"host": ""}),
        (Limits, {"sessions": 0}),
        (Limits, {"idle_seconds": 86_401}),
        (Limits, {"handshakes": 1.5}),
        (SessionRules, {"profile": "lax"}),
        (SessionRules, {"rules": {"FLD-XPAD": "tolerate"}}),
        (SessionRules, {"rules": {"fld-xpad": "warn"}}),
        (SessionRules, {"rules": {"FLD-XPAD\n": "warn"}}),
        (SessionRules, {"rules": {f"R-{number}": "warn" for number in range(201)}}),
        (SessionRules, {"level_5_only": None}),
        (FileRules, {"max_octets": -1}),
        (FileRules, {"names": ["*"] * 101}),
        (FileRules, {"names": ["x" * 65]}),
        (FileRules, {"names": ["[a-z]"]}),
        (FileRules, {"names": [""]}),
        (FileRules, {"destinations": ["x" * 26]}),
        (PartnerFileRules, {"originators": ["O1"] * 101}),
        (PartnerRules, {"profile": "lax"}),
        (PartnerRules, {"incoming": None}),
        (ClientPartner, {"id": "P1", "name": "x", "trace": "yes"}),
        (ClientConfiguration, {"traced_sessions": ["short"]}),
        (ServerConfiguration, {"traced_sessions": ["0123456789"] * 101}),
        (ServerConfiguration, {"external_address": "x" * 46}),
        (ProxyConfiguration, {"version": -1, "server": msgspec.Raw(b"{}"), "client": {}}),
    ],
)
def test_a_value_out_of_bounds_is_refused(kind, fields) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, kind)


def test_every_rule_of_the_verifier_can_be_named() -> None:
    severities = dict.fromkeys(RULES, "warn")
    assert msgspec.convert({"rules": severities}, SessionRules).rules == severities


def test_the_server_learns_no_address_of_the_inside() -> None:
    assert not {"receive_daemon", "listeners"} & set(ServerConfiguration.__struct_fields__)


def test_not_both_hops_end_a_silent_session_at_once() -> None:
    assert ClientConfiguration().limits.idle_seconds > ServerConfiguration().limits.idle_seconds


def test_a_configuration_cannot_be_changed_once_it_is_made() -> None:
    with pytest.raises(AttributeError):
        SERVER.external_port = 1
