"""What must hold of admission, whatever certificate is shown: evidence, and a verdict that can be told."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import msgspec

from certificates import Made
from fuzz.files import CA, usual
from seon.admission.codes import Admitted, Refused
from seon.admission.evidence import Evidence, again, collect
from seon.admission.identity import as_fields
from seon.admission.revocation import KnownList, RevocationLists
from seon.admission.trust import TrustSet, compiled
from seon.admission.verdict import Rules, judge
from seon.config import AdmissionRules, Anchor, CertificateName, ServerConfiguration, ServerPartner
from seon.events import Event, describe, fitting, may_come_from_dmz
from seon.link.messages import CrlsFound
from seon.pki import PeerCertificate
from seon.pki.chains import Chain
from seon.pki.serials import ROW, key_of_number
from seon.server.distribution_points import DistributionPoints

NOW = time.time()
SOURCE = "192.0.2.7:4711"
DAY = 86_400.0
PINNED = ServerPartner("pinned", "Pinned", pins=("ab" * 32,))


def check_admission(found: PeerCertificate) -> None:
    """Have a certificate judged in every place where a peer can show it; raise AssertionError for what must not be."""
    for trust in _trusts():
        by_pin = replace(trust, by_pin={found.fingerprint: PINNED})
        for evidence in _evidence(found, trust):
            _judged(evidence, trust)
        _judged(collect(found, (), SOURCE, by_pin, _lists(), NOW), by_pin)


def _evidence(found: PeerCertificate, trust: TrustSet) -> Iterator[Evidence]:
    leaf, lists = _leaf(), _lists()
    yield collect(found, (leaf,), SOURCE, trust, lists, NOW)
    beside = collect(leaf, (found, found), SOURCE, trust, lists, NOW)
    assert beside.chain is not None, "what is sent beside a certificate takes no chain away"
    yield beside
    # As if its CA had signed it: a change makes nearly every signature wrong, and what comes after is never reached.
    chain = Chain(next(iter(trust.anchors)), (found,))
    _told(chain)
    known = tuple(lists.look_up(one, issuer, NOW, 15 * DAY) for one, issuer in chain.with_issuers())
    yield Evidence(found, (), SOURCE, NOW, False, chain, revocation=known)


def _judged(evidence: Evidence, trust: TrustSet) -> None:
    for wanted in (None, *_partners(), PINNED):
        verdict = judge(evidence, Rules(trust, wanted), NOW)
        _can_be_told(evidence.certificate, verdict)
        assert verdict == judge(again(evidence, trust, _lists(), NOW), Rules(trust, wanted), NOW)
        if wanted and isinstance(verdict, Admitted):
            assert verdict.partner == wanted


def _can_be_told(certificate: PeerCertificate, verdict: Admitted | Refused) -> None:
    said = as_fields(certificate)
    if isinstance(verdict, Refused):
        reason, code = verdict.reason, "ADM-REFUSED"
        said |= {"verdict": verdict.verdict.value}
    else:
        reason, code = "; ".join(doubt.reason for doubt in verdict.doubts), "ADM-WARNING"
        assert verdict.because
    assert reason or not isinstance(verdict, Refused)
    fields = {name: fitting(value) for name, value in {**said, "reason": reason}.items()}
    event = Event(id="0-dmz-1", time=NOW, code=code, hop="dmz", fields=fields)
    assert may_come_from_dmz(event)
    assert describe(event).isprintable()


def _told(chain: Chain) -> None:
    """Have the places of its lists said inside."""
    points = DistributionPoints(lambda: None)
    points.of_chain(chain)
    if found := points.to_say({}):
        message = CrlsFound(found)
        assert msgspec.json.decode(msgspec.json.encode(message), type=CrlsFound) == message


# --- who is known -----------------------------------------------------------------------------------------------------


@cache
def _leaf() -> PeerCertificate:
    return usual().shown


@cache
def _partners() -> tuple[ServerPartner, ...]:
    names = CertificateName(_leaf().issuer_text or "", _leaf().subject_text or "")
    return (
        ServerPartner("below", "By Odette ID and names", odette_ids=("O0013000001ACME", "Müller"), names=(names,)),
        ServerPartner("other", "Another Odette ID", odette_ids=("O0013",)),
        ServerPartner("by-host", "By its host", host="a.example"),
    )


@cache
def _trusts() -> tuple[TrustSet, ...]:
    """Return the same partners and anchor, once with rules that refuse all they can, and once with lenient ones."""
    hard = AdmissionRules("refuse", "refuse", 4_096, "refuse", "refuse", "hard")
    lenient = AdmissionRules("warn", "warn", 1_024, "warn", "warn", "soft")
    anchors = (Anchor(CA.pem, asserts_odette_ids=True),)
    return tuple(
        compiled(ServerConfiguration(partners=(*_partners(), PINNED), anchors=anchors, admission=rules))
        for rules in (hard, lenient)
    )


@cache
def _lists() -> RevocationLists:
    """Return a list of the CA's in force, with one serial in 16 of one octet revoked."""
    date = bytes(ROW - len(key_of_number(0)))
    table = b"".join(key_of_number(number) + date for number in range(0, 128, 16))
    return RevocationLists.of([_known(CA, table)])


def _known(by: Made, table: bytes) -> KnownList:
    return KnownList(by.shown.subject_der, by.shown.key.digest, "", "ab" * 32, NOW - DAY, NOW + DAY, table)
