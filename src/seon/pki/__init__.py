"""X.509: the one place that reads and makes certificates, private keys and certificate requests.

Much of what is read here was written by strangers: partners show certificates, clients send requests, administrators
bring files. What a partner showed is a PeerCertificate (peer.py). Of another certificate that was read,
`not_valid_before_utc`, `not_valid_after_utc` and `==` are safe to use, and `serial_number` where a CA of ours has
issued it (a negative one is a warning). Everything else is parsed only when somebody asks for it, and can turn out to
be nonsense then: ask for it by the functions here. They raise PkiError and nothing else; no exception of
`cryptography` gets out, and no warning.

Private keys for TLS do not pass here: net.context loads them with no Python object that would hold a copy.
"""

from seon.pki.extensions import Extensions
from seon.pki.facts import (
    alternative_names_of,
    fingerprint,
    is_ca,
    is_issued_by,
    is_key_of,
    issuer_in_der,
    issuer_of,
    key_digest,
    key_identifier_of,
    key_usages_of,
    may_sign,
    names_issuer,
    pem_of,
    public_half,
    public_key_of,
    purposes_of,
    signature_hash_of,
    subject_of,
)
from seon.pki.key_facts import KeyFacts
from seon.pki.making import (
    BACKDATED,
    Leaf,
    issue,
    new_authority,
    new_ecdsa_key,
    new_ed25519_key,
    new_request,
    new_rsa_key,
    pem_of_key,
    self_signed,
    stand_in_for,
)
from seon.pki.peer import MAX_DER, PeerCertificate, as_peer, as_shown, peer_certificate
from seon.pki.reading import (
    certificate_in_der,
    certificate_in_pem,
    certificates_in,
    certificates_in_pem,
    key_in_request,
    private_key_in,
    private_key_in_pem,
)
from seon.pki.values import (
    LONGEST_NAME,
    UNREADABLE,
    AlternativeNames,
    Certificate,
    KeyLockedError,
    PkiError,
    PrivateKey,
    PublicKey,
    Purpose,
    SigningKey,
    WrongPasswordError,
)

__all__ = [
    "BACKDATED",
    "LONGEST_NAME",
    "MAX_DER",
    "UNREADABLE",
    "AlternativeNames",
    "Certificate",
    "Extensions",
    "KeyFacts",
    "KeyLockedError",
    "Leaf",
    "PeerCertificate",
    "PkiError",
    "PrivateKey",
    "PublicKey",
    "Purpose",
    "SigningKey",
    "WrongPasswordError",
    "alternative_names_of",
    "as_peer",
    "as_shown",
    "certificate_in_der",
    "certificate_in_pem",
    "certificates_in",
    "certificates_in_pem",
    "fingerprint",
    "is_ca",
    "is_issued_by",
    "is_key_of",
    "issue",
    "issuer_in_der",
    "issuer_of",
    "key_digest",
    "key_identifier_of",
    "key_in_request",
    "key_usages_of",
    "may_sign",
    "names_issuer",
    "new_authority",
    "new_ecdsa_key",
    "new_ed25519_key",
    "new_request",
    "new_rsa_key",
    "peer_certificate",
    "pem_of",
    "pem_of_key",
    "private_key_in",
    "private_key_in_pem",
    "public_half",
    "public_key_of",
    "purposes_of",
    "self_signed",
    "signature_hash_of",
    "stand_in_for",
    "subject_of",
]
