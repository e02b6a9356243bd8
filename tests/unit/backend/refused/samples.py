import time

from acting.samples import Sample

import certificates
from seon.api_messages import RefusedCertificate as Told
from seon.backend.acting.actors import owner
from seon.backend.partners.actions import add_partner
from seon.backend.refused import actions
from seon.backend.refused.recording import remember

MADE = certificates.make("Stranger")
CA = certificates.make("Stranger CA", ca=True)


def told(made: certificates.Made) -> Told:
    der = certificates.pki.peer_certificate(made.certificate.public_bytes(certificates.Encoding.DER)).der
    return Told(der, "192.0.2.1:5", "UNKNOWN", "no partner has it", time.time())


def refused() -> None:
    remember(told(MADE))
    remember(told(CA))
    add_partner(owner(), "acme", "Acme", [], [])


SAMPLES = {
    "partner.from_refused": Sample(
        good=lambda by: actions.partner_from_refused(by, MADE.fingerprint[:8], "P1"),
        bad=lambda by: actions.partner_from_refused(by, MADE.fingerprint[:8], "acme"),
        ready=refused,
        told="certificate CN=Stranger (",
    ),
    "partner.pin_refused": Sample(
        good=lambda by: actions.pin_refused(by, MADE.fingerprint, "acme"),
        bad=lambda by: actions.pin_refused(by, CA.fingerprint, "acme"),
        ready=refused,
        told="certificate CN=Stranger (",
    ),
    "refused.remove": Sample(
        good=lambda by: actions.remove_refused(by, [MADE.fingerprint, CA.fingerprint]),
        bad=lambda by: actions.remove_refused(by, [MADE.fingerprint, "0" * 64]),
        ready=refused,
        told="forgotten",
    ),
}
