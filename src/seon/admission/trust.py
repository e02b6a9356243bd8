"""Whom a configuration trusts, compiled once: indices by pin, Odette ID and names, and the anchors.

It is compiled step by step (`compiling`), so that a main can do something else in between: 10,000 partners and 500
anchors take longer than a main may pause. `compiled` takes all steps at once, for who may wait.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

from seon.admission.judgement import UnusableError
from seon.admission.steps import finished
from seon.config import AdmissionRules, Anchor, PartnerAdmission, ServerConfiguration, ServerPartner
from seon.pki import PkiError
from seon.pki.chains import Anchors, TrustedAnchor, anchor_in_pem

Name = tuple[str, str]
"""Issuer and subject, RFC 4514 text."""


@dataclass(frozen=True, slots=True)
class TrustSet:
    """What certificates are judged by."""

    rules: AdmissionRules = field(default_factory=AdmissionRules)
    by_pin: Mapping[str, ServerPartner] = field(default_factory=dict)
    by_odette_id: Mapping[str, ServerPartner] = field(default_factory=dict)
    """Partners with pins too: nothing but a pin admits them, and that is then the reason."""
    by_name: Mapping[Name, tuple[ServerPartner, ...]] = field(default_factory=dict)
    """Two partners may have the same names, below different anchors."""
    anchors: Anchors = field(default_factory=Anchors)
    asserting: frozenset[str] = frozenset()
    """Fingerprints of the anchors below which Odette IDs count."""
    takes_unpinned: bool = False
    """Whether there is any way in but a pin: known by the certificate alone is then nobody."""


def compiling(configuration: ServerConfiguration) -> Generator[None, None, TrustSet]:
    """Compile what a configuration trusts, in steps of some microseconds to a millisecond. Raises UnusableError.

    Two partners may not have one pin or Odette ID: who came in by it would be a matter of chance.
    """
    by_pin: dict[str, ServerPartner] = {}
    by_odette_id: dict[str, ServerPartner] = {}
    by_name: dict[Name, tuple[ServerPartner, ...]] = {}
    for partner in configuration.partners:
        _put(by_pin, partner.pins, partner, "the same certificate, SHA-256")
        _put(by_odette_id, partner.odette_ids, partner, "the same Odette ID,")
        for name in partner.names:
            key = (name.issuer, name.subject)
            by_name[key] = (*by_name.get(key, ()), partner)
        yield
    anchors: list[TrustedAnchor] = []
    for number, anchor in enumerate(configuration.anchors, 1):
        anchors.append(_anchor(anchor, number))
        yield
    asserting = {made.certificate.fingerprint for made, said in zip(anchors, configuration.anchors, strict=True)
                 if said.asserts_odette_ids}  # fmt: skip
    return TrustSet(
        rules=configuration.admission,
        by_pin=by_pin,
        by_odette_id=by_odette_id,
        by_name=by_name,
        anchors=Anchors(anchors),
        asserting=frozenset(asserting),
        takes_unpinned=bool(anchors) and bool(by_name or (asserting and by_odette_id)),
    )


def compiled(configuration: ServerConfiguration) -> TrustSet:
    """Compile all at once. Raises UnusableError."""
    return finished(compiling(configuration))


def weights(general: AdmissionRules, own: PartnerAdmission) -> Mapping[str, str]:
    """Return what each rule of `PartnerAdmission` is for a partner: its own word, or else the general one."""
    return {name: getattr(own, name) or getattr(general, name) for name in PartnerAdmission.__struct_fields__}


def _put(index: dict[str, ServerPartner], keys: Sequence[str], partner: ServerPartner, what: str) -> None:
    for key in keys:
        other = index.setdefault(key, partner)
        if other is not partner:
            raise UnusableError(f"partners {other.id} and {partner.id} have {what} {key}")


def _anchor(anchor: Anchor, number: int) -> TrustedAnchor:
    try:
        return anchor_in_pem(anchor.certificate)
    except PkiError as error:
        raise UnusableError(f"anchor {number} cannot be used: {error}") from error
