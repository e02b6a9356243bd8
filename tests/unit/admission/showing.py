"""What peers show, and what configurations trust, for the tests of admission."""

import time
from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import NameOID

from certificates import Made, make
from seon.admission.codes import Admitted, Refused
from seon.admission.evidence import Evidence, collect
from seon.admission.revocation import KnownList, RevocationLists
from seon.admission.trust import TrustSet, compiled
from seon.admission.verdict import Rules, judge
from seon.config import AdmissionRules, Anchor, CertificateName, ServerConfiguration, ServerPartner
from seon.pki import PeerCertificate
from seon.pki_serials import KEY, ROW, key_of_number

NOW = time.time()
DAY = 86_400.0
URL = "http://crl.example/ca.crl"


def shown(made: Made) -> PeerCertificate:
    """Return a certificate as a peer shows it."""
    return made.shown


def named(common_name: str, odette_id: str = "") -> x509.Name:
    """Return a name with the Odette ID where Odette has it."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if odette_id:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, odette_id))
    return x509.Name(parts)


def uris(*uris: str) -> tuple[x509.ExtensionType, bool]:
    """Return the extension with these subject alternative names."""
    return (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris]), False)


def hosts(*hosts: str) -> tuple[x509.ExtensionType, bool]:
    """Return the extension with these subject alternative names."""
    return (x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), False)


def point(url: str = URL) -> tuple[x509.ExtensionType, bool]:
    """Return the extension that says where the list of revoked certificates is."""
    where = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return (x509.CRLDistributionPoints([where]), False)


CA = make("CA", ca=True, days=60)
OTHER_CA = make("other CA", ca=True)
BETWEEN = make("between", issuer=CA, ca=True, days=60, extensions=[point()])
PINNED = make("pinned")
BY_ID = make(named("by id", "O0013001"), issuer=CA, extensions=[point()])
BY_NAME = make("by name", issuer=CA)
STRANGER = make("stranger")


def name_of(made: Made) -> CertificateName:
    """Return issuer and subject as a configuration has them."""
    certificate = shown(made)
    return CertificateName(certificate.issuer_text or "", certificate.subject_text or "")


PARTNERS = (
    ServerPartner("PIN", "Pinned", pins=(PINNED.fingerprint,)),
    ServerPartner("ID", "By Odette ID", odette_ids=("O0013001", "O0013002")),
    ServerPartner("NAME", "By name", names=(name_of(BY_NAME),)),
)


def trust(
    partners: Iterable[ServerPartner] = PARTNERS,
    anchors: Iterable[Made] = (CA,),
    asserting: Iterable[Made] = (CA,),
    **rules: object,
) -> TrustSet:
    """Return what a configuration trusts."""
    said = tuple(Anchor(one.pem, one in tuple(asserting)) for one in anchors)
    return compiled(ServerConfiguration(partners=tuple(partners), anchors=said, admission=AdmissionRules(**rules)))


def revoking(*made: Made, by: Made = CA, age: float = DAY, url: str = URL) -> RevocationLists:
    """Return the lists of which one, of this CA, has these certificates."""
    date = (20_260_102_030_405).to_bytes(ROW - KEY, "big")
    rows = b"".join(sorted(key_of_number(one.certificate.serial_number) + date for one in made))
    issuer = shown(by)
    known = KnownList(issuer.subject_der, issuer.key.digest, url, "ab" * 32, NOW - age, NOW + DAY, rows)
    return RevocationLists.of([known])


NO_LISTS = RevocationLists()


def evidence(
    made: Made, *sent: Made, by: TrustSet, source: str = "192.0.2.1:5", lists: RevocationLists = NO_LISTS
) -> Evidence:
    """Return the evidence of a peer."""
    return collect(shown(made), [shown(one) for one in sent], source, by, lists, NOW)


def verdict(
    made: Made,
    *sent: Made,
    by: TrustSet,
    dialled: ServerPartner | None = None,
    now: float = NOW,
    lists: RevocationLists = NO_LISTS,
    source: str = "192.0.2.1:5",
) -> Admitted | Refused:
    """Return the verdict on a peer."""
    source = "" if dialled else source
    return judge(evidence(made, *sent, by=by, source=source, lists=lists), Rules(by, dialled), now)
