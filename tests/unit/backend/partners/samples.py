from acting.samples import Sample

import certificates
from seon.backend.acting.actors import owner
from seon.backend.partners import actions, identity_actions
from seon.backend.partners.models import Partner, PartnerCode
from seon.backend.partners.records import Numbered, Record
from seon.config import CertificateName

PEM = certificates.make("Acme").pem.encode()
FINGERPRINT = certificates.pki.fingerprint(certificates.pki.certificate_in_pem(PEM))


NAME = CertificateName(issuer="CN=CA", subject="CN=Acme")


def named() -> None:
    acme()
    identity_actions.add_names(owner(), "acme", [NAME])


def acme() -> None:
    actions.add_partner(owner(), "acme", "Acme", ["O1", "O2"], [PEM], networks=["192.0.2.0/24"])
    actions.add_partner(owner(), "other", "Other", ["O9"], [])


def other() -> None:
    PartnerCode(partner=Partner.objects.create(identifier="other", name="Other"), code="O9").save()


def disabled() -> None:
    acme()
    actions.disable_partner(owner(), "acme")


SAMPLES = {
    "partner.add": Sample(
        good=lambda by: actions.add_partner(by, "P1", "One", ["O3"], [], notes="call first"),
        bad=lambda by: actions.add_partner(by, "P1", "One", ["O3", "O9"], []),
        ready=other,
        told="partner P1: added",
    ),
    "partner.change": Sample(
        good=lambda by: actions.change_partner(by, "acme", host="acme.example", port=7000),
        bad=lambda by: actions.change_partner(by, "acme", host="acme.example", port=0),
        ready=acme,
        told="host: empty to 'acme.example'; port: 6619 to 7000",
    ),
    "partner.set": Sample(
        good=lambda by: actions.set_of_partner(by, "acme", "trace", "yes"),
        bad=lambda by: actions.set_of_partner(by, "acme", "trace", "perhaps"),
        ready=acme,
        told="trace: no to yes",
    ),
    "partner.enable": Sample(
        good=lambda by: actions.enable_partner(by, "acme"),
        bad=lambda by: actions.enable_partner(by, "nobody"),
        ready=disabled,
        told="enabled: no to yes",
    ),
    "partner.disable": Sample(
        good=lambda by: actions.disable_partner(by, "acme"),
        bad=lambda by: actions.disable_partner(by, "nobody"),
        ready=acme,
        told="enabled: yes to no",
    ),
    "partner.remove": Sample(
        good=lambda by: actions.remove_partner(by, "acme"),
        bad=lambda by: actions.remove_partner(by, "nobody"),
        ready=acme,
        told="partner acme: removed",
    ),
    "partner.add_code": Sample(
        good=lambda by: actions.add_codes(by, "acme", ["O3"]),
        bad=lambda by: actions.add_codes(by, "acme", ["O3", "O9"]),
        ready=acme,
        told="SSID code O3: added",
    ),
    "partner.remove_code": Sample(
        good=lambda by: actions.remove_codes(by, "acme", ["O1"]),
        bad=lambda by: actions.remove_codes(by, "acme", ["O1", "O2"]),
        ready=acme,
        told="SSID code O1: removed",
    ),
    "partner.add_network": Sample(
        good=lambda by: actions.add_networks(by, "acme", ["2001:db8::/48"]),
        bad=lambda by: actions.add_networks(by, "acme", ["2001:db8::/48", "192.0.2.1/24"]),
        ready=acme,
        told="networks: '192.0.2.0/24' to '192.0.2.0/24, 2001:db8::/48'",
    ),
    "partner.remove_network": Sample(
        good=lambda by: actions.remove_networks(by, "acme", ["192.0.2.0/24"], force=True),
        bad=lambda by: actions.remove_networks(by, "acme", ["192.0.2.0/24"]),
        ready=acme,
        told="networks: '192.0.2.0/24' to empty",
    ),
    "partner.add_certificate": Sample(
        good=lambda by: actions.add_certificates(by, "other", [certificates.make("Other").pem.encode()]),
        bad=lambda by: actions.add_certificates(by, "other", [certificates.make("Other").pem.encode(), PEM]),
        ready=acme,
        told="certificate CN=Other (",
    ),
    "partner.remove_certificate": Sample(
        good=lambda by: actions.remove_certificate(by, "acme", FINGERPRINT[:8]),
        bad=lambda by: actions.remove_certificate(by, "other", FINGERPRINT),
        ready=acme,
        told="certificate CN=Acme (",
    ),
    "partner.admission": Sample(
        good=lambda by: identity_actions.change_admission(by, "acme", {"odette_ids": "O1", "sessions": 3}),
        bad=lambda by: identity_actions.change_admission(by, "acme", {"odette_ids": "O1", "sessions": 0}),
        ready=acme,
        told="sessions: empty to 3",
    ),
    "partner.add_name": Sample(
        good=lambda by: identity_actions.add_names(by, "acme", [NAME]),
        bad=lambda by: identity_actions.add_names(by, "acme", [NAME, NAME]),
        ready=acme,
        told="certificate name CN=Acme of CN=CA: added",
    ),
    "partner.remove_name": Sample(
        good=lambda by: identity_actions.remove_name(by, "acme", NAME),
        bad=lambda by: identity_actions.remove_name(by, "other", NAME),
        ready=named,
        told="certificate name CN=Acme of CN=CA: removed",
    ),
    "partner.import": Sample(
        good=lambda by: actions.import_partners(by, [Numbered(2, Record(id="P1", codes=("O3",)))]),
        bad=lambda by: actions.import_partners(by, [Numbered(2, Record(id="P1")), Numbered(3, Record(id="P 2"))]),
        ready=acme,
        told="SSID code O3: added to partner P1 by an import",
    ),
}
