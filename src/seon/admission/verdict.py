"""The verdict on evidence: this partner, because; or a code and a reason that an administrator understands.

Pure: the evidence, the rules and the time decide. First it is found out whose certificate it is (partners.py); then
each check says what it finds, and with what weight. What has the weight "warn" is told and does not refuse.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from seon.admission.codes import Admitted, Doubt, Refused, Verdict
from seon.admission.evidence import Evidence
from seon.admission.partners import dialled, is_from_elsewhere, whose
from seon.admission.revocation import State
from seon.admission.trust import TrustSet, weights
from seon.config import ServerPartner
from seon.pki import PeerCertificate, Purpose
from seon.pki.chains import MAX_RSA_BITS
from seon.wording import fill

MAX_OCTETS = 64 * 1024
"""Of a certificate."""
LEAST_CURVE_BITS = 256
MOST_NETWORKS = 10
"""Networks of a partner that a refusal names."""
_WEAK_HASHES = {"md2", "md4", "md5", "sha1", "ripemd160"}
_STRONG_KINDS = ("RSA", "EC", "Ed25519", "Ed448")


@dataclass(frozen=True, slots=True)
class Rules:
    """What evidence is judged by."""

    trust: TrustSet
    dialled: ServerPartner | None = None
    """Outgoing: who was meant. None: somebody has come in."""


def judge(evidence: Evidence, rules: Rules, now: float) -> Admitted | Refused:
    """Return whether who shows this may have a session at `now` (Unix seconds)."""
    certificate = evidence.certificate
    if problem := _too_large(certificate):
        return Refused(Verdict.TOO_LARGE, problem)
    wanted = rules.dialled
    known = dialled(evidence, rules.trust, wanted) if wanted else whose(evidence, rules.trust)
    if isinstance(known, Refused):
        return known
    partner, doubts = wanted or known.partner, []
    case = _Case(evidence, partner, rules, weights(rules.trust.rules, partner.admission), now)
    for check in _CHECKS:
        for verdict, reason, weight in check(case):
            if weight == "refuse":
                return Refused(verdict, reason, partner)
            if weight == "warn":
                doubts.append(Doubt(verdict, reason))
    return Admitted(partner, known.because, tuple(doubts))


class _Case(NamedTuple):
    evidence: Evidence
    partner: ServerPartner
    rules: Rules
    weights: Mapping[str, str]
    now: float

    @property
    def below(self) -> tuple[PeerCertificate, ...]:
        """The peer's certificate, and those above it and below the anchor if there is one."""
        chain = self.evidence.chain
        return chain.below if chain else (self.evidence.certificate,)


class _Finding(NamedTuple):
    verdict: Verdict
    reason: str
    weight: str = "refuse"


def _too_large(certificate: PeerCertificate) -> str:
    key = certificate.key
    if len(certificate.der) > MAX_OCTETS:
        return f"the certificate has {len(certificate.der)} octets; {MAX_OCTETS} are the most"
    if key.kind in ("RSA", "DSA") and key.bits > MAX_RSA_BITS:
        return f"its {key.kind} key has {key.bits} bits; {MAX_RSA_BITS} are the most"
    return ""


def _validity(case: _Case) -> Iterator[_Finding]:
    certificate, owner = case.evidence.certificate, f"partner {case.partner.id}'s certificate"
    if case.now < certificate.not_before:
        yield _Finding(Verdict.NOT_YET_VALID, f"{owner} is not valid yet")
    if case.now >= certificate.not_after:
        yield _Finding(Verdict.EXPIRED, f"{owner} has expired")
    if chain := case.evidence.chain:
        for above in (*chain.below[1:], chain.anchor):
            if not above.not_before <= case.now < above.not_after:
                problem = "has expired" if case.now >= above.not_after else "is not valid yet"
                what = "the anchor" if above is chain.anchor else "the CA certificate"
                yield _Finding(Verdict.CHAIN, f"{what} {above.subject} {problem}")


def _readable(case: _Case) -> Iterator[_Finding]:
    if case.evidence.certificate.extensions is None:
        weight = case.weights["unreadable"]
        yield _Finding(Verdict.UNREADABLE, "the certificate's extensions cannot be read (admission_unreadable)", weight)


def _usage(case: _Case) -> Iterator[_Finding]:
    extensions, weight = case.evidence.certificate.extensions, case.weights["usage"]
    if extensions is None:
        return
    wanted, word = (Purpose.SERVER, "serverAuth") if case.rules.dialled else (Purpose.CLIENT, "clientAuth")
    if extensions.purposes is not None and wanted not in extensions.purposes and Purpose.ANY not in extensions.purposes:
        said = ", ".join(_PURPOSES.get(one, one) for one in extensions.purposes[:5])
        reason = f"its extended key usage is {said or 'empty'}, without {word} (admission_usage)"
        yield _Finding(Verdict.USAGE, reason, weight)
    if extensions.usages is not None and "digitalSignature" not in extensions.usages:
        yield _Finding(Verdict.USAGE, "its key usage does not allow digital signatures (admission_usage)", weight)


_PURPOSES = {Purpose.SERVER.value: "serverAuth", Purpose.CLIENT.value: "clientAuth"}


def _key(case: _Case) -> Iterator[_Finding]:
    for number, certificate in enumerate(case.below):
        key, least, problem = certificate.key, case.rules.trust.rules.rsa_bits, ""
        if key.kind == "RSA" and key.bits < least:
            problem = f"an RSA key of {key.bits} bits; {least} are the least (admission_rsa_bits)"
        elif key.kind == "EC" and key.bits < LEAST_CURVE_BITS:
            problem = (
                f"a key on the curve {key.curve or 'of its own'} with {key.bits} bits; {LEAST_CURVE_BITS} are the least"
            )
        elif key.kind not in _STRONG_KINDS:
            problem = f"a key of the kind {key.kind}; RSA, EC, Ed25519 and Ed448 count as strong"
        if problem:
            reason = f"{_which(number, certificate)} has {problem} (admission_weak_key)"
            yield _Finding(Verdict.WEAK_KEY, reason, case.weights["weak_key"])


def _signature(case: _Case) -> Iterator[_Finding]:
    """A pinned certificate needs no signature: it is known whole."""
    for number, certificate in enumerate(case.below if case.evidence.chain else ()):
        if certificate.signature_hash in _WEAK_HASHES:
            how = f"is signed with {certificate.signature_hash.upper()}"
            reason = f"{_which(number, certificate)} {how} (admission_weak_signature)"
            yield _Finding(Verdict.WEAK_SIGNATURE, reason, case.weights["weak_signature"])


def _which(number: int, certificate: PeerCertificate) -> str:
    return f"the CA certificate {certificate.subject}" if number else "the certificate"


_STATES: Mapping[State, tuple[Verdict, Mapping[str, str], str]] = {
    State.REVOKED: (Verdict.REVOKED, {"hard": "refuse", "soft": "refuse"}, "is revoked"),
    State.NOT_YET_KNOWN: (
        Verdict.REVOCATION_NOT_YET_KNOWN,
        {"hard": "refuse", "soft": "warn"},
        "may be revoked: its CA's list is not here yet",
    ),
    State.STALE: (
        Verdict.REVOCATION_STALE,
        {"hard": "refuse", "soft": "warn"},
        "may be revoked: its CA's list is too old",
    ),
    State.NO_POINT: (
        Verdict.REVOCATION_NO_POINT,
        {"hard": "refuse", "soft": "ignore"},
        "may be revoked: it names no list that can be fetched",
    ),
}
"""What a state means: its verdict, its weight by policy, and its words. A policy that is not there ignores it."""


def _revocation(case: _Case) -> Iterator[_Finding]:
    findings = []
    for number, (certificate, known) in enumerate(zip(case.below, case.evidence.revocation, strict=False)):
        if known.state in _STATES:
            verdict, by_policy, words = _STATES[known.state]
            where = f", {known.url}" if known.url else ""
            reason = f"{_which(number, certificate)} {words}{where} (admission_revocation)"
            findings.append(_Finding(verdict, reason, by_policy.get(case.weights["revocation"], "ignore")))
    yield from sorted(findings, key=lambda finding: finding.verdict != Verdict.REVOKED)


def _enabled(case: _Case) -> Iterator[_Finding]:
    if not case.partner.enabled:
        yield _Finding(Verdict.DISABLED, f"partner {case.partner.id} is disabled")


def _network(case: _Case) -> Iterator[_Finding]:
    partner, source = case.partner, case.evidence.source
    if source and is_from_elsewhere(partner, source):
        named = ", ".join(partner.networks[:MOST_NETWORKS])
        more = max(0, len(partner.networks) - MOST_NETWORKS)
        words = fill("only from {networks}[ and {more} more]", {"networks": named, "more": more})
        yield _Finding(Verdict.NETWORK, words)


_CHECKS: tuple[Callable[[_Case], Iterator[_Finding]], ...] = (
    _validity, _readable, _usage, _key, _signature, _revocation, _enabled, _network
)  # fmt: skip
"""In the order in which their findings refuse."""
