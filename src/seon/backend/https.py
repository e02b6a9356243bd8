"""The installation's own https PKI: an API CA, which the security token names by hash, and the server's certificate.

Not the link CA: whoever can issue https certificates cannot make licenses, and the other way round.
"""

import datetime as dt
import ipaddress
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from seon.backend.errors import OperatorError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
CA_DAYS = 3_650
SERVER_DAYS = 397
"""What browsers accept at most; `seonapi serve` renews it in its last `RENEW_DAYS`."""
RENEW_DAYS = 60
_BACKDATED = dt.timedelta(hours=1)

Key = ec.EllipticCurvePrivateKey


def new_api_ca() -> tuple[Key, x509.Certificate]:
    """Return a new API CA (ECDSA P-256): it issues https server certificates only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Seon SmartProxy API CA")])
    builder = _builder(name, name, key.public_key(), CA_DAYS).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return key, builder.add_extension(_usage(signs_certificates=True), critical=True).sign(key, hashes.SHA256())


def new_server_certificate(ca_key: Key, ca: x509.Certificate, names: Iterable[str]) -> tuple[bytes, bytes]:
    """Return key (PKCS#8 PEM) and certificate (PEM) of the https server. Raises OperatorError for a bad name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Seonapi")])
    certificate = (
        _builder(subject, ca.subject, key.public_key(), SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key_pem, certificate.public_bytes(Encoding.PEM)


def names_in(certificate: Path) -> list[str]:
    """Return the host names and addresses in the https certificate as Host headers show them; none if there is none."""
    try:
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    except FileNotFoundError:
        return []
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = names.get_values_for_type(x509.IPAddress)
    shown = [f"[{address}]" if address.version == 6 else str(address) for address in addresses]
    return names.get_values_for_type(x509.DNSName) + shown


def needs_renewal(certificate: Path) -> bool:
    """Whether the https certificate is in its last `RENEW_DAYS` days."""
    loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    return loaded.not_valid_after_utc - dt.datetime.now(dt.UTC) < dt.timedelta(days=RENEW_DAYS)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    try:
        return x509.DNSName(text)
    except ValueError:
        raise OperatorError(f"{text!r} is no host name or address for the https certificate") from None


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
