"""The certificates of all tests: what no installation would make for itself, and a link PKI as one does make it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from seon import pki
from seon.link.identity import (
    IdentityError,
    License,
    issue_client_certificate,
    issue_license,
    new_link_ca,
    new_link_request,
    proxy_id_of,
    read_license,
)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Extensions = Sequence[tuple[x509.ExtensionType, bool]]
"""Extensions, each with whether it is critical."""


@dataclass(frozen=True)
class Made:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> str:
        return pki.pem_of(self.certificate)

    @property
    def key_pem(self) -> bytes:
        return pki.pem_of_key(self.key)

    @property
    def old_key_pem(self) -> bytes:
        """The key as older programs write it."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    @property
    def fingerprint(self) -> str:
        return pki.fingerprint(self.certificate)

    @property
    def shown(self) -> pki.PeerCertificate:
        """The certificate as a peer shows it."""
        return pki.peer_certificate(self.certificate.public_bytes(Encoding.DER))

    def write(self, certificate: Path, key: Path) -> None:
        """Write both as files."""
        certificate.write_text(self.pem)
        key.write_bytes(self.key_pem)


def make(
    name: str | x509.Name = "x",
    key: Key | ed448.Ed448PrivateKey | None = None,
    *,
    issuer: Made | None = None,
    ca: bool = False,
    days: float = 30,
    extensions: Extensions = (),
) -> Made:
    """Return a certificate that has begun, self-signed where there is no issuer. Negative `days`: it has ended."""
    key = key or pki.new_ecdsa_key()
    constraints = x509.BasicConstraints(ca=ca, path_length=None)
    by = issuer or Made(None, key)
    return Made(certified(key.public_key(), name, by, days=days, extensions=[(constraints, True), *extensions]), key)


def certified(
    key: pki.PublicKey,
    name: str | x509.Name,
    issuer: Made,
    *,
    days: float = 30,
    serial: int | None = None,
    extensions: Extensions = (),
) -> x509.Certificate:
    """Return a certificate for any public key, with these extensions alone. An issuer without one names the subject."""
    subject = common_name(name) if isinstance(name, str) else name
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer.certificate else subject)
        .public_key(key)
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=max(1, 1 - days)))
        .not_valid_after(now + dt.timedelta(days=days))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer.key, None if isinstance(issuer.key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2_048)


@dataclass(frozen=True)
class LinkPki:
    """A link CA with one license and one client certificate under it."""

    ca_key: ed25519.Ed25519PrivateKey
    ca: x509.Certificate
    identity: ed25519.Ed25519PrivateKey
    client_key: ed25519.Ed25519PrivateKey
    client_certificate: x509.Certificate

    @property
    def ca_pem(self) -> str:
        return pki.pem_of(self.ca)

    @property
    def proxy_id(self) -> str:
        return proxy_id_of(self.identity.public_key())

    @property
    def license(self) -> str:
        return issue_license(self.ca_key, self.ca, self.proxy_id, 30)

    @property
    def server_chain(self) -> str:
        return pki.pem_of(pki.certificate_in_pem(self.license))

    @property
    def client_chain(self) -> str:
        return pki.pem_of(self.client_certificate)

    @property
    def identity_pem(self) -> bytes:
        return pki.pem_of_key(self.identity)

    @property
    def client_pem(self) -> bytes:
        return pki.pem_of_key(self.client_key)


def make_link_pki() -> LinkPki:
    ca_key, ca = new_link_ca()
    identity = pki.new_ed25519_key()
    client_key, csr = new_link_request()
    certificate = issue_client_certificate(ca_key, ca, csr, [proxy_id_of(identity.public_key())])
    return LinkPki(ca_key, ca, identity, client_key, certificate)


def parse_license(octets: bytes, proxy_id: str) -> License:
    """Return a license that belongs to this server, whatever its validity in time. Raises IdentityError."""
    license_ = read_license(octets)
    for problem in license_.problems(proxy_id, license_.not_before):
        raise IdentityError(problem)
    return license_
