"""Proxy ID, license and link certificates: who is who on the link (docs/design.md, "Keys").

All keys of the link are Ed25519. A Proxy ID is the server's public identity key, 32 octets as 64 hex digits, and the
letters `px`; so a certificate for a server can be issued from its Proxy ID alone. A license *is* that certificate.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from seon import pki
from seon.pki import AlternativeNames, Certificate, Leaf, PkiError, Purpose, pem_of

PROXY_URI = "seon:proxy:"
"""Prefix of the SAN URIs that name Proxy IDs in a client's link certificate."""
TOKEN_URI = "seon:token:"  # noqa: S105  # a prefix
"""Prefix of the SAN URI with the mark of the secret that a client's link certificate was issued for."""
MAX_LICENSE_DAYS = 3_660
MAX_PROXY_IDS = 100

_AUTHORITY_NAME = "Seon SmartProxy link CA"
_PROXY_ID = re.compile(r"([0-9a-f]{64})px")
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


class IdentityError(ValueError):
    """A Proxy ID, license or link certificate is not what it must be; the text says what and what to do."""


# --- Proxy ID -------------------------------------------------------------------------------------------------------


def proxy_id_of(key: Ed25519PublicKey) -> str:
    """Return the Proxy ID of a public identity key: 64 hex digits and `px`."""
    return key.public_bytes_raw().hex() + "px"


def parse_proxy_id(text: str) -> Ed25519PublicKey:
    """Return the public key that a Proxy ID names.

    Raises IdentityError for a malformed ID and for keys that no honest server has: not a point of the curve,
    non-canonical, or of low order (a signature of such a key can be made without the private key).
    """
    match = _PROXY_ID.fullmatch(text.strip())
    if match is None:
        raise IdentityError("A Proxy ID is 64 hex digits and 'px', as `seon_proxyserver2 -L` prints it")
    raw = bytes.fromhex(match[1])
    if not _is_honest_point(raw):
        raise IdentityError("This Proxy ID is not a usable Ed25519 key; copy it again from `seon_proxyserver2 -L`")
    return Ed25519PublicKey.from_public_bytes(raw)


def _is_honest_point(raw: bytes) -> bool:
    """Whether 32 octets are the canonical form of a curve point (RFC 8032 §5.1.3) whose order is not 1, 2, 4 or 8."""
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        return False
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    on_curve = pow(x_squared, (_P - 1) // 2, _P) == 1  # x = 0 (orders 1 and 2) gives 0
    order_4 = y == 0
    order_8 = (_D * y**4 + 2 * y * y - 1) % _P == 0  # exactly the points whose double has y = 0
    return on_curve and not order_4 and not order_8


# --- Issuing (backend) ----------------------------------------------------------------------------------------------


def new_link_ca(days: int = 3_650) -> tuple[Ed25519PrivateKey, Certificate]:
    """Return a new link CA: it issues licenses and client link certificates, and nothing below it may issue."""
    key = pki.new_ed25519_key()
    return key, pki.new_authority(key, _AUTHORITY_NAME, _in_days(days))


def issue_license(ca_key: Ed25519PrivateKey, ca_certificate: Certificate, proxy_id: str, days: int) -> str:
    """Return a license as PEM: the certificate of the server with this Proxy ID, and the link CA's certificate.

    `days` 1..3660, cut to the CA's own end. Raises IdentityError.
    """
    if not 1 <= days <= MAX_LICENSE_DAYS:
        raise IdentityError(f"A license is valid for 1 to {MAX_LICENSE_DAYS} days, not {days}")
    certificate = _issue(
        ca_key,
        ca_certificate,
        parse_proxy_id(proxy_id),
        "Seon SmartProxy server",
        [PROXY_URI + proxy_id],
        Purpose.SERVER,
        days,
    )
    return pem_of(certificate) + pem_of(ca_certificate)


def issue_client_certificate(
    ca_key: Ed25519PrivateKey,
    ca_certificate: Certificate,
    csr_pem: str,
    proxy_ids: Sequence[str],
    days: int = 7,
    mark: str = "",
) -> Certificate:
    """Return a client's link certificate for the key in a CSR; everything else in the CSR is ignored.

    `mark`: of the token's secret (link.standing).

    Raises IdentityError for a CSR that cannot be read, is not signed by its own key, or is not Ed25519.
    """
    try:
        key = pki.key_in_request(csr_pem)
    except PkiError as error:
        raise IdentityError("The certificate request cannot be read, or is not signed by its own key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise IdentityError("The certificate request must be signed by its own Ed25519 key")
    if not 1 <= len(proxy_ids) <= MAX_PROXY_IDS:
        raise IdentityError("The token names no Proxy ID: issue a license first")
    for proxy_id in proxy_ids:
        parse_proxy_id(proxy_id)
    uris = [PROXY_URI + proxy_id for proxy_id in proxy_ids] + ([TOKEN_URI + mark] if mark else [])
    return _issue(ca_key, ca_certificate, key, "Seon SmartProxy client", uris, Purpose.CLIENT, days)


def _issue(
    ca_key: Ed25519PrivateKey,
    ca_certificate: Certificate,
    key: Ed25519PublicKey,
    name: str,
    uris: Sequence[str],
    purpose: Purpose,
    days: int,
) -> Certificate:
    leaf = Leaf(
        common_name=name,
        until=min(_in_days(days), ca_certificate.not_valid_after_utc),
        purposes=[purpose],
        only_these_purposes=True,
        names=AlternativeNames(uris=uris),
    )
    return pki.issue(ca_key, ca_certificate, key, leaf)


def new_link_request() -> tuple[Ed25519PrivateKey, str]:
    """Return a new link key and the CSR (PEM) with which a client enrols."""
    key = pki.new_ed25519_key()
    return key, pki.new_request(key, "Seon SmartProxy client")


# --- Checking (server and client) -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class License:
    """What a license says; whether that holds for a server, `problems` tells. Times are Unix seconds."""

    certificate_pem: str
    ca_pem: str
    holder: str
    """The certificate's subject."""
    proxy_id: str
    serial: str
    """The certificate's number, upper-case hex."""
    not_before: float
    not_after: float
    ca_fingerprint: str
    """SHA-256 of the link CA's certificate, hex: to compare with what `seonapi license issue` printed."""
    ca_key: bytes
    """The CA's public key, raw: a renewal at run time counts only under the same one."""
    flaws: tuple[str, ...]
    """What is wrong with it, whatever the time and the server."""

    def problem_at(self, now: float) -> str | None:
        """Say why the license does not hold at `now`, or None."""
        if now < self.not_before:
            return f"the license is valid only from {moment(self.not_before)} on; check this host's clock"
        if now >= self.not_after:
            return f"the license ended at {moment(self.not_after)}; issue a new one in Seonapi"
        return None

    def problems(self, proxy_id: str, now: float) -> tuple[str, ...]:
        """Return all that keeps the license from holding at `now` for the server with this Proxy ID."""
        found = [*self.flaws]
        if self.proxy_id != proxy_id:
            found.append(f"it was issued for another Proxy ID: {self.proxy_id}")
        if problem := self.problem_at(now):
            found.append(problem)
        return tuple(found)


def read_license(pem: bytes) -> License:
    """Return what a license in PEM says, be it true or not. Raises IdentityError for what is no license at all."""
    try:
        certificates = pki.certificates_in_pem(pem)
    except PkiError as error:
        raise IdentityError("it is not a license, or was damaged: no certificate in PEM can be read") from error
    if len(certificates) != 2:
        raise IdentityError("it is not a license: it must hold the server's certificate and its CA's")
    certificate, ca = certificates
    return License(
        certificate_pem=pem_of(certificate),
        ca_pem=pem_of(ca),
        holder=pki.subject_of(certificate),
        proxy_id=_proxy_id_in(certificate),
        serial=serial_of(certificate),
        not_before=max(certificate.not_valid_before_utc, ca.not_valid_before_utc).timestamp(),
        not_after=min(certificate.not_valid_after_utc, ca.not_valid_after_utc).timestamp(),
        ca_fingerprint=pki.fingerprint(ca),
        ca_key=_ed25519(ca).public_bytes_raw(),
        flaws=tuple(_flaws(certificate, ca)),
    )


def authority_line(fingerprint: str) -> str:
    """Return the line that names a link CA, the same wherever people compare two of them."""
    return f"Link CA (SHA-256): {fingerprint}"


def check_link_server(certificate: Certificate, allowed: Sequence[str]) -> str:
    """Return the Proxy ID of the server at the other end of a verified link; IdentityError if it is not allowed."""
    _check_purpose(certificate, Purpose.SERVER)
    proxy_id = _proxy_id_in(certificate)
    if proxy_id not in allowed:
        raise IdentityError(
            f"the server's Proxy ID {proxy_id} is not one this client may serve: "
            f"license it (seonapi license issue {proxy_id}), and let the token serve it"
        )
    return proxy_id


def serial_of(certificate: Certificate) -> str:
    """Return a certificate's serial number as a license's is shown: upper-case hex."""
    return f"{certificate.serial_number:X}"


def check_link_client(certificate: Certificate, proxy_id: str) -> str:
    """Return the mark in a verified link certificate, "" if it has none.

    Raises IdentityError unless it is a client's that may serve this server.
    """
    _check_purpose(certificate, Purpose.CLIENT)
    with _about_identity():
        names = pki.alternative_names_of(certificate)
    if names is None:
        raise IdentityError("the client's certificate names no server")
    if PROXY_URI + proxy_id not in names.uris:
        raise IdentityError(
            f"the client's certificate is not for this server's Proxy ID {proxy_id}: "
            f"license it in the client's Seonapi (seonapi license issue {proxy_id})"
        )
    return next((uri.removeprefix(TOKEN_URI) for uri in names.uris if uri.startswith(TOKEN_URI)), "")


def of_another_seonapi(named: Certificate | str | None, ours: str) -> str:
    """Return the fingerprint of a peer's link CA if the peer is of another Seonapi than we, else "".

    `named`: the CA that a refused peer named (`net.context.refused_authority`); `ours`: our CA's fingerprint. A peer
    can name what it likes: this is for the words of a refusal only. Other kinds of CA are no link CA.
    """
    if isinstance(named, Certificate):
        named = pki.fingerprint(named) if pki.subject_of(named) == f"CN={_AUTHORITY_NAME}" else None
    return named if named and named != ours else ""


def _flaws(certificate: Certificate, ca: Certificate) -> Iterator[str]:
    if not (pki.is_issued_by(certificate, ca) and pki.is_issued_by(ca, ca)):
        yield "its certificate was not issued by the CA beside it: it was changed, or is made of two licenses"
    try:
        _check_purpose(certificate, Purpose.SERVER)
    except IdentityError as error:
        yield str(error)


def _check_purpose(certificate: Certificate, purpose: Purpose) -> None:
    """Refuse a certificate without an extended key usage, or with another: a client's must not pass as a server's."""
    with _about_identity():
        purposes = pki.purposes_of(certificate)
    if purposes is None:
        raise IdentityError("the certificate has no extended key usage")
    if purposes != [purpose]:
        raise IdentityError("the certificate is meant for another use")


def _proxy_id_in(certificate: Certificate) -> str:
    return proxy_id_of(_ed25519(certificate))


def _ed25519(certificate: Certificate) -> Ed25519PublicKey:
    with _about_identity():
        key = pki.public_key_of(certificate)
    if not isinstance(key, Ed25519PublicKey):
        raise IdentityError("the certificate's key is not Ed25519")
    return key


@contextmanager
def _about_identity() -> Iterator[None]:
    """Turn a certificate that cannot be read into an identity that cannot be believed."""
    try:
        yield
    except PkiError as error:
        raise IdentityError(str(error)) from error


def moment(time: float) -> str:
    """Return a Unix time as a license's moments are shown: in UTC, to the minute."""
    return dt.datetime.fromtimestamp(time, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _in_days(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
