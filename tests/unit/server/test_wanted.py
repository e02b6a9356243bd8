"""Which ports the server has open is a value, made of what there is at one moment and of nothing else."""

import dataclasses
import itertools

import pytest

from seon.admission.judgement import Judgements
from seon.config import Limits, ServerConfiguration
from seon.server.in_force import EMPTY, InForce
from seon.server.wanted import EXTERNAL, INTERNAL, Moment, internal_port, wanted_ports

CONTEXT, GATE = object(), object()
CONFIGURATION = ServerConfiguration("192.0.2.1", 6619, limits=Limits(handshakes=40))


def in_force(gate: object = GATE, configuration: ServerConfiguration = CONFIGURATION) -> InForce:
    return InForce(1, configuration, Judgements(), {}, gate=gate)


SERVING = Moment(("192.0.2.9", 2878, CONTEXT), in_force(), linked=True, license_problem="", ending=False)


def owners(moment: Moment) -> list[str]:
    return [port.owner for port in wanted_ports(moment)[0]]


def test_a_linked_server_with_license_and_certificate_has_both_ports() -> None:
    (internal, external), _ = wanted_ports(SERVING)
    assert (internal.owner, internal.address, internal.number) == (INTERNAL, "192.0.2.9", 2878)
    assert (external.owner, external.address, external.number) == (EXTERNAL, "192.0.2.1", 6619)
    assert (internal.slots, external.slots) == (None, None), "all that come are accepted: their doors bound them"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"linked": False}, "no client is connected"),
        ({"license_problem": "the license ended"}, "the license does not hold: the license ended"),
        (
            {"in_force": in_force(gate=None)},
            "the configuration has not got a certificate for the external port (seonapi certificate add --use)",
        ),
        ({"in_force": EMPTY}, "the configuration has not come yet"),
        ({"ending": True}, "the server is ending"),
        ({"linked": False, "drained": True}, "the client is drained: its administrator lets no session begin"),
        ({"awaits_lists": True}, "the revocation lists have not come yet"),
    ],
)
def test_each_thing_that_is_missing_closes_the_external_port_alone_and_is_named(change, why) -> None:
    moment = dataclasses.replace(SERVING, **change)
    assert owners(moment) == [INTERNAL]
    assert wanted_ports(moment)[1] == why


@pytest.mark.parametrize(
    ("linked", "problem", "gate", "ending", "awaits"),
    list(itertools.product((True, False), ("", "it ended"), (GATE, None), (True, False), (True, False))),
)
def test_the_external_port_is_wanted_only_where_nothing_is_missing(linked, problem, gate, ending, awaits) -> None:
    moment = Moment(SERVING.internal, in_force(gate), linked, problem, ending, awaits)
    everything = linked and not problem and gate is not None and not ending and not awaits
    assert owners(moment) == ([INTERNAL, EXTERNAL] if everything else [INTERNAL])


def test_another_configuration_on_the_same_port_is_the_same_port_on_other_terms() -> None:
    newer = in_force(configuration=ServerConfiguration("192.0.2.1", 6619, limits=Limits(handshakes=41, sessions=1)))
    before = wanted_ports(SERVING)[0][1]
    after = wanted_ports(dataclasses.replace(SERVING, in_force=newer))[0][1]
    assert after == before, "it stays open"
    assert after.terms is newer, "and serves by the newer configuration"


@pytest.mark.parametrize(
    "configuration",
    [
        ServerConfiguration("192.0.2.2", 6619, limits=Limits(handshakes=40)),
        ServerConfiguration("192.0.2.1", 6620, limits=Limits(handshakes=40)),
    ],
)
def test_another_address_or_number_is_another_port(configuration) -> None:
    moment = dataclasses.replace(SERVING, in_force=in_force(configuration=configuration))
    assert wanted_ports(moment)[0][1] != wanted_ports(SERVING)[0][1]
    assert wanted_ports(moment)[1] == "its settings have changed"


def test_a_renewed_license_leaves_the_internal_port_open_with_another_context() -> None:
    renewed = object()
    moment = dataclasses.replace(SERVING, internal=("192.0.2.9", 2878, renewed))
    assert internal_port(moment) == internal_port(SERVING)
    assert internal_port(moment).terms is renewed
