"""What can be done with refused certificates."""

from collections.abc import Sequence

from seon.admission.codes import Verdict
from seon.backend.acting import audit
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.partners.actions import add_certificates, add_partner
from seon.backend.partners.models import Partner, PartnerCertificate, owner_of_odette_id
from seon.backend.partners.suggesting import odette_ids_of
from seon.backend.refused.lookup import find_refused
from seon.backend.refused.models import RefusedCertificate
from seon.pki import peer_certificate
from seon.pki.names import common_name

_LONGEST_NAME = 120


@act("partner.from_refused", Right.PARTNERS)
def partner_from_refused(
    by: Actor, fingerprint: str, identifier: str, *, name: str = "", codes: Sequence[str] = (), force: bool = False
) -> Partner:
    """Make a partner of a refused certificate: it is pinned, and its Odette IDs are the partner's.

    `name`: empty: as its subject has it. `force` as in `add_partner`. Raises OperatorError.
    """
    take_turn()
    row = _to_pin(fingerprint, force=force)
    certificate = peer_certificate(bytes(row.der))
    odette_ids = odette_ids_of(certificate)
    for one in odette_ids:
        if owner := owner_of_odette_id(one, None):
            raise OperatorError(
                f"{one} is an Odette ID of partner {owner} already: if this is its new certificate, pin it with "
                f"seonapi partner certificate add {owner} --refused {row.fingerprint[:16]}"
            )
    called = name or common_name(certificate.subject_der)[:_LONGEST_NAME].strip() or identifier
    added = add_partner(by, identifier, called, codes, [certificate.der], odette_ids=odette_ids, force=force)
    _forget(row)
    return added


@act("partner.pin_refused", Right.PARTNERS)
def pin_refused(by: Actor, fingerprint: str, identifier: str, *, force: bool = False) -> PartnerCertificate:
    """Pin a refused certificate as one more of a partner. Raises OperatorError."""
    take_turn()
    row = _to_pin(fingerprint, force=force)
    (pinned,) = add_certificates(by, identifier, [bytes(row.der)], force=force)
    _forget(row)
    return pinned


@act("refused.remove", Right.PARTNERS)
def remove_refused(_: Actor, fingerprints: Sequence[str] | None) -> list[RefusedCertificate]:
    """Forget refused certificates, None: all; one comes back when it is shown again. Raises OperatorError."""
    if fingerprints is None:
        rows = list(RefusedCertificate.objects.defer("der"))
    else:
        rows = list({row.pk: row for row in map(find_refused, fingerprints)}.values())
    for row in rows:
        _forget(row)
    return rows


def _to_pin(fingerprint: str, *, force: bool) -> RefusedCertificate:
    """Return a refused certificate that is to be pinned. Raises OperatorError for a revoked one without `force`.

    What is pinned is known by itself: no list is asked for it any more.
    """
    row = find_refused(fingerprint)
    if row.verdict == Verdict.REVOKED and not force:
        raise OperatorError(
            f"{row.subject} was refused since its CA has withdrawn it (REVOKED), and a pinned certificate is admitted "
            "whatever its CA says. Ask the partner for its new certificate, or use --force"
        )
    return row


def _forget(row: RefusedCertificate) -> None:
    audit.note(f"refused certificate {row}"[:300], "forgotten")
    row.delete()
