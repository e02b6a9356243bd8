"""Would this certificate come in? Evidence and verdict, step by step, by the very functions of the server.

What is asked is the stored configuration and the revocation lists that are stored, so the answer is that of a server
which has both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from seon.addresses import AddressError, literal, split_host_port
from seon.admission.codes import Admitted, Refused
from seon.admission.evidence import Evidence, collect
from seon.admission.judgement import UnusableError
from seon.admission.partners import is_from_elsewhere
from seon.admission.revocation import Revocation, RevocationLists
from seon.admission.trust import TrustSet, compiled
from seon.admission.verdict import Rules, judge
from seon.backend.certificates import read_shown
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.partners.pinning import leaf_of
from seon.backend.revocation.known import lists_for
from seon.backend.snapshot import build
from seon.config import ServerPartner
from seon.pki import PeerCertificate, Purpose
from seon.pki.chains import MAX_RSA_BITS

MOST_SENT = 10
"""Certificates that a peer may send beside its own (net.context)."""
ADMITTED = "ADMITTED"
_PURPOSES = {Purpose.CLIENT.value: "clientAuth", Purpose.SERVER.value: "serverAuth", Purpose.ANY.value: "any"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at."""

    what: str
    found: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    steps: tuple[Step, ...]
    verdict: str
    """A code of `seon.admission.codes`, or ADMITTED."""
    reason: str
    partner: str
    """The id of the partner whose certificate it is, or seems to be; "" if nobody's."""
    doubts: tuple[str, ...] = ()
    """What would be a reason to refuse, were it not set to warn."""

    @property
    def is_admitted(self) -> bool:
        """Whether it would come in."""
        return self.verdict == ADMITTED


def try_certificate(octets: bytes, chain: Sequence[bytes] = (), source: str = "", outgoing: str = "") -> Trial:
    """Return what would become of somebody who shows the certificate in a file, with what else is in the files.

    `source`: the address it comes from, "": not looked at. `outgoing`: the id of the partner that was dialled, "": it
    comes in. Raises OperatorError for what cannot be tried.
    """
    shown = read_shown(octets)
    leaf = leaf_of(shown)
    if source and outgoing:
        raise OperatorError("Give --source for who comes in, or --outgoing for who is dialled: not both")
    sent = [one for one in (*shown, *(one for more in chain for one in read_shown(more))) if one is not leaf]
    address = _address(source)
    configuration = build(read_version(), "127.0.0.1").server
    try:
        trust = compiled(configuration)
    except UnusableError as error:
        raise OperatorError(f"The stored configuration cannot be followed: {error}") from None
    dialled = next((one for one in configuration.partners if one.id == outgoing), None)
    if outgoing and dialled is None:
        raise OperatorError(f"There is no partner {outgoing!r}; see: seonapi partner list")
    if too_large := _too_large(sent):
        return Trial(tuple(_facts(leaf)), "TOO-LARGE", too_large, "")
    return _tried(leaf, sent, address, trust, dialled)


def _tried(
    leaf: PeerCertificate, sent: Sequence[PeerCertificate], address: str, trust: TrustSet, dialled: ServerPartner | None
) -> Trial:
    now = datetime.now(UTC).timestamp()
    evidence = collect(leaf, sent, address, trust, RevocationLists(), now)
    if evidence.chain:  # only now it is known whose lists are needed
        evidence = collect(leaf, sent, address, trust, lists_for(tuple(evidence.chain.with_issuers())), now)
    verdict = judge(evidence, Rules(trust, dialled), now)
    partner = verdict.partner
    steps = [*_facts(leaf), *_proofs(evidence, trust), *_circumstances(partner, None if dialled else address)]
    if isinstance(verdict, Refused):
        return Trial(tuple(steps), verdict.verdict.value, verdict.reason, partner.id if partner else "")
    return Trial(tuple(steps), ADMITTED, verdict.because, verdict.partner.id, _doubts(verdict))


def _doubts(verdict: Admitted) -> tuple[str, ...]:
    return tuple(f"{doubt.verdict.value}: {doubt.reason}" for doubt in verdict.doubts)


def _address(source: str) -> str:
    if not source:
        return ""
    try:
        host, _ = split_host_port(source, 0, least_port=0)
    except AddressError as error:
        raise OperatorError(f"--source: {error}") from None
    if literal(host) is None:
        raise OperatorError(f"--source: {source[:80]!r} is no IP address")
    return host


def _too_large(sent: Sequence[PeerCertificate]) -> str:
    """Say what the server refuses before it looks at it (net.context)."""
    if len(sent) > MOST_SENT:
        return f"{len(sent)} certificates beside its own (at most {MOST_SENT})"
    large = next((one for one in sent if one.key.kind == "RSA" and one.key.bits > MAX_RSA_BITS), None)
    return f"{large.subject} has an RSA key of {large.key.bits} bits (at most {MAX_RSA_BITS})" if large else ""


# --- in words ---------------------------------------------------------------------------------------------------------


def _facts(leaf: PeerCertificate) -> Iterator[Step]:
    """Yield what the certificate says of itself."""
    yield Step("subject", leaf.subject)
    yield Step("issuer", leaf.issuer)
    yield Step("serial", leaf.serial)
    yield Step("SHA-256", leaf.fingerprint)
    yield Step("valid", f"{_day(leaf.not_before)} to {_day(leaf.not_after)}")
    yield Step("key", f"{leaf.key.kind} {leaf.key.curve or leaf.key.bits}")
    yield Step("signed with", leaf.signature_hash or "a hash of the key's own")
    if leaf.extensions is None:
        yield Step("extensions", "cannot be read")
        return
    purposes = leaf.extensions.purposes
    said = "not said" if purposes is None else ", ".join(_PURPOSES.get(one, one) for one in purposes[:10]) or "none"
    yield Step("for", said)


def _proofs(evidence: Evidence, trust: TrustSet) -> Iterator[Step]:
    """Yield what it proves."""
    leaf = evidence.certificate
    owner = trust.by_pin.get(leaf.fingerprint)
    yield Step("pinned", f"by partner {owner.id}" if owner else "by no partner")
    if evidence.pinned:
        yield Step("chain", "not needed: a pinned certificate is known whole")
        return
    if evidence.chain is None:
        yield Step("chain", f"none: {evidence.no_chain}" if evidence.no_chain else "none")
    else:
        above = [*evidence.chain.below[1:], evidence.chain.anchor]
        yield Step("chain", "; ".join(f"issued by {one.subject}" for one in above) + ", a trust anchor")
    yield Step("Odette IDs", _odette_ids(evidence, trust))
    below = evidence.chain.below if evidence.chain else ()
    for certificate, known in zip(below, evidence.revocation, strict=False):
        yield Step("revocation", f"{certificate.subject}: {_revocation(known)}")


def _odette_ids(evidence: Evidence, trust: TrustSet) -> str:
    leaf, chain = evidence.certificate, evidence.chain
    ids = ", ".join(dict.fromkeys((*leaf.odette_ids, *leaf.oftp_ids)))
    if not ids:
        return "none"
    counts = chain is not None and chain.anchor.fingerprint in trust.asserting
    return ids if counts else f"{ids}; they do not count: no trust anchor above asserts Odette IDs"


def _revocation(known: Revocation) -> str:
    age = "" if known.age is None else f", by a list made {known.age / 3_600:.0f} h ago"
    since = "" if known.since is None else f" since {_day(known.since)}"
    return f"{known.state}{since}{age}{f', {known.url}' if known.url else ''}"


def _circumstances(partner: ServerPartner | None, address: str | None) -> Iterator[Step]:
    """Yield what else decides. `address`: where it comes from, "" if that is not given, None if it was dialled."""
    if partner is None:
        yield Step("partner", "nobody's")
        return
    yield Step("partner", f"{partner.id}, {partner.name}, {'enabled' if partner.enabled else 'disabled'}")
    if address is None:
        return
    if not partner.networks:
        yield Step("source", "from everywhere")
    elif not address:
        yield Step("source", "not looked at: give --source ADDRESS")
    else:
        yield Step(
            "source", f"{address} is in {'none' if is_from_elsewhere(partner, address) else 'one'} of its networks"
        )


def _day(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return "an impossible time"
