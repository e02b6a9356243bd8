"""Session keys of stations for tests: RSA, with certificates from a root over an issuer, as files."""

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from certificates import Made, make, rsa_key
from needed import need_programs
from seon import pki

ROOT, ISSUER = "Root of the industry", "Issuer for stations"


@dataclass(frozen=True)
class Files:
    """PEM files of one station."""

    key: Path
    certificate: Path
    """The station's alone: what its partners get."""
    chain: Path
    """The same, then its issuer's and the root's: what goes into its signatures."""
    root: Path

    @property
    def options(self) -> list[str]:
        """The options by which `seon station` takes them."""
        return ["--session-key", str(self.key), "--session-certificate", str(self.chain)]


@cache
def key_of(name: str) -> rsa.RSAPrivateKey:
    """Return this name's key: made once, since that takes time."""
    return rsa_key()


@cache
def certificate_of(name: str) -> x509.Certificate:
    """Return this name's certificate: the root's own, the issuer's by the root, a station's by the issuer."""
    by = None if name == ROOT else ROOT if name == ISSUER else ISSUER
    issuer = Made(certificate_of(by), key_of(by)) if by else None
    identifier = x509.SubjectKeyIdentifier.from_public_key(key_of(name).public_key())
    extensions = [(identifier, False)]
    return make(_name(name), key_of(name), issuer=issuer, ca=name in {ROOT, ISSUER}, extensions=extensions).certificate


def _name(name: str) -> x509.Name:
    """Return a name as long as real ones are."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "Baden-Wuerttemberg"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Gesellschaft fuer Karosserie- und Fahrwerksteile mbH"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Electronic data interchange, engineering data"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def pem_of(*names: str) -> bytes:
    """Return certificates as one file has them."""
    return "".join(pki.pem_of(certificate_of(name)) for name in names).encode()


def write(directory: Path, name: str) -> Files:
    """Write the files of a station."""
    directory.mkdir(parents=True, exist_ok=True)
    contents = {
        "key": pki.pem_of_key(key_of(name)),
        "certificate": pem_of(name),
        "chain": pem_of(name, ISSUER, ROOT),
        "root": pem_of(ROOT),
    }
    for kind, content in contents.items():
        (directory / f"{name}.{kind}.pem").write_bytes(content)
    return Files(**{kind: directory / f"{name}.{kind}.pem" for kind in contents})


def openssl(directory: Path, *arguments: str) -> bytes:
    """Run `openssl` there, as somebody who knows nothing of our code; return what it wrote. It must succeed."""
    need_programs("openssl")
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=False, cwd=directory, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def content_by_openssl(signature: Path, root: Path) -> bytes:
    """Return what is signed, after openssl has verified it with nothing but the root; the chain is in the signature."""
    return openssl(
        signature.parent, "cms", "-verify", "-binary", "-inform", "DER", "-in", str(signature), "-CAfile", str(root),
        "-purpose", "any",
    )  # fmt: skip
