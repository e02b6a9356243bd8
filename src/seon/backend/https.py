"""The installation's own https PKI: an API CA, which the security token names by hash, and the server's certificate.

Not the link CA: whoever can issue https certificates cannot make licenses, and the other way round.
"""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from seon import addresses, pki
from seon.backend.errors import OperatorError
from seon.pki import AlternativeNames, Certificate, Leaf, PkiError, Purpose

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
CA_DAYS = 3_650
SERVER_DAYS = 397
"""What browsers accept at most; `seonapi serve` renews it in its last `RENEW_DAYS`."""
RENEW_DAYS = 62
"""More than the 60 days of the queue daemon's first warning: so that one comes only where nothing has renewed it."""

Key = ec.EllipticCurvePrivateKey


def new_api_ca() -> tuple[Key, Certificate]:
    """Return a new API CA (ECDSA P-256): it issues https server certificates only."""
    key = pki.new_ecdsa_key()
    return key, pki.new_authority(key, "Seon SmartProxy API CA", _in_days(CA_DAYS))


def new_server_certificate(ca_key: Key, ca: Certificate, names: Iterable[str]) -> tuple[bytes, bytes]:
    """Return key (PKCS#8 PEM) and certificate (PEM) of the https server. Raises OperatorError for a bad name."""
    key, literals = pki.new_ecdsa_key(), {name: addresses.literal(name) for name in names}
    leaf = Leaf(
        common_name="Seonapi",
        until=_in_days(SERVER_DAYS),
        purposes=[Purpose.SERVER],
        names=AlternativeNames(
            hosts=[name for name, address in literals.items() if address is None],
            addresses=[address for address in literals.values() if address is not None],
        ),
    )
    try:
        certificate = pki.issue(ca_key, ca, key.public_key(), leaf)
    except PkiError as error:
        raise OperatorError(f"The https certificate: {error}") from None
    return pki.pem_of_key(key), pki.pem_of(certificate).encode()


def names_in(certificate: Path) -> list[str]:
    """Return the host names and addresses in the https certificate as Host headers show them; none if there is none."""
    return [addresses.in_url(host) for host in hosts_in(certificate)]


def hosts_in(certificate: Path) -> list[str]:
    """Return the host names and addresses in the https certificate; none if there is none.

    Raises OperatorError for a file that holds no certificate.
    """
    try:
        loaded = pki.certificate_in_pem(certificate.read_bytes())
    except FileNotFoundError:
        return []
    except PkiError:
        raise OperatorError(
            f"The https certificate {certificate} cannot be read: remove it, and run `seonapi init`, "
            "with --host NAME for each name that clients use"
        ) from None
    names = pki.alternative_names_of(loaded) or AlternativeNames()
    return [*names.hosts, *map(str, names.addresses)]


def belong_together(key: Path, certificate: Path) -> bool:
    """Whether the https key is there and the certificate's: who is killed while both are replaced leaves one of each.

    Raises PkiError for a file that holds no certificate.
    """
    loaded = pki.certificate_in_pem(certificate.read_bytes())
    try:
        return pki.is_key_of(pki.private_key_in_pem(key.read_bytes()), loaded)
    except (FileNotFoundError, PkiError):
        return False


def needs_renewal(certificate: Path) -> bool:
    """Whether the https certificate is in its last `RENEW_DAYS` days."""
    loaded = pki.certificate_in_pem(certificate.read_bytes())
    return loaded.not_valid_after_utc - dt.datetime.now(dt.UTC) < dt.timedelta(days=RENEW_DAYS)


def _in_days(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
