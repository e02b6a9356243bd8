"""What can be done with trust anchors."""

from dataclasses import dataclass
from datetime import UTC, datetime

from seon import pki
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.anchors.lookup import find_anchor
from seon.backend.anchors.models import Anchor
from seon.backend.anchors.reading import anchor_in
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.partners.anchored import Dependents, dependents
from seon.pki.names import common_name

_NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Added:
    """What was added, and what else was in the file."""

    anchor: Anchor
    passed_over: tuple[str, ...]
    """The subjects of the other certificates of the file."""


@act("anchor.add", Right.TRUST)
def add_anchor(
    _: Actor, octets: bytes, *, name: str = "", asserts_odette_ids: bool = False, force: bool = False
) -> Added:
    """Add a CA, from a file in any usual form, as a trust anchor.

    `force` as in `anchor_in`. Raises OperatorError; nothing was stored then.
    """
    take_turn()
    taken = anchor_in(octets, datetime.now(UTC), force=force)
    row = Anchor(pem=pki.pem_of(taken.certificate), asserts_odette_ids=asserts_odette_ids)
    row.name = name.strip() or _free_name(pki.as_peer(taken.certificate))
    row.save()
    return Added(row, taken.passed_over)


@act("anchor.change", Right.TRUST)
def change_anchor(
    _: Actor, reference: str, *, name: str | None = None, asserts_odette_ids: bool | None = None
) -> Dependents:
    """Change what is given of a trust anchor; None stays as it is.

    Returns the partners that it has lost by that. Raises OperatorError.
    """
    take_turn()
    anchor = find_anchor(reference)
    before = dependents().get(anchor.fingerprint, Dependents())
    if name is not None:
        anchor.name = name.strip()
    if asserts_odette_ids is not None:
        anchor.asserts_odette_ids = asserts_odette_ids
    anchor.save()
    after = dependents().get(anchor.fingerprint, Dependents())
    still = set(after.may)
    return Dependents(*([one for one in old if one not in still] for old in (before.may, before.only)))


@act("anchor.remove", Right.TRUST)
def remove_anchor(_: Actor, reference: str, *, force: bool = False) -> tuple[Anchor, Dependents]:
    """Remove a trust anchor; with `force` also one by which partners come in: their sessions end within seconds.

    A partner that may come in by this one alone keeps its word, and is not admitted: that it names no anchor at all
    would mean each of them. Returns what was removed, and who came in by it. Raises OperatorError.
    """
    take_turn()
    anchor = find_anchor(reference)
    theirs = dependents().get(anchor.fingerprint, Dependents())
    if theirs.may and not force:
        raise OperatorError(
            f"Partners come in by the trust anchor {anchor} ({theirs.text}). Pin their certificates or add another "
            "anchor first, or use --force: those who come in only by it are not admitted then"
        )
    anchor.delete()
    return anchor, theirs


def _free_name(certificate: pki.PeerCertificate) -> str:
    """Return a name for lists: the subject's common name, with the beginning of the SHA-256 where another has it."""
    called = common_name(certificate.subject_der) or certificate.subject
    name = called.replace(",", " ")[: _NAME_LENGTH - 20].strip() or certificate.fingerprint
    taken = Anchor.objects.filter(name=name).exists()
    return f"{name} {certificate.fingerprint[:8]}" if taken else name
