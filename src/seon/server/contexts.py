"""The TLS contexts that a configuration needs towards partners: usual ones, and those for old stations.

Which suites may be used is chosen before the certificate is seen. So an old station that calls is known by its network,
and one that is dialled by its partner; nobody else is offered what it needs.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple

from seon.config import ServerConfiguration, ServerPartner
from seon.net.context import Judge, KeyedContext, partner_dialler, partner_listener
from seon.net.networks import Networks
from seon.pki import PeerCertificate

_NOWHERE = Networks()


class Contexts(NamedTuple):
    """One key in several contexts. The old ones are None where no partner needs them."""

    gate: KeyedContext
    dialler: KeyedContext
    old_gate: KeyedContext | None = None
    old_dialler: KeyedContext | None = None
    old_networks: Networks = _NOWHERE
    """From where callers get the old context."""


def old_networks(configuration: ServerConfiguration) -> Generator[None, None, Networks]:
    """Return from where old stations may call, in steps: those of partners that need it, and are enabled."""
    return Networks.gathering(network for partner in _old(configuration) for network in partner.networks)


def _old(configuration: ServerConfiguration) -> Iterator[ServerPartner]:
    return (partner for partner in configuration.partners if partner.old_tls and partner.enabled)


def contexts_of(
    configuration: ServerConfiguration,
    key: bytes | bytearray,
    knows: Judge,
    anyone: Judge,
    anchors: Sequence[PeerCertificate] = (),
    networks: Networks = _NOWHERE,
) -> Contexts:
    """Return the contexts for our own certificate, which the configuration has. `key`: PEM, the caller wipes it.

    `knows` judges callers, `anyone` who is dialled; `anchors` and `networks` (`old_networks`) are those of the
    configuration. Raises TlsError.
    """
    assert configuration.own_certificate
    chain = configuration.own_certificate.chain
    names = anchors if configuration.admission.ca_names else ()
    dials_old = any(partner.host for partner in _old(configuration))
    return Contexts(
        gate=partner_listener(chain, key, knows, ca_names=names),
        dialler=partner_dialler(chain, key, anyone),
        old_gate=partner_listener(chain, key, knows, ca_names=names, old_tls=True) if networks else None,
        old_dialler=partner_dialler(chain, key, anyone, old_tls=True) if dials_old else None,
        old_networks=networks,
    )
