"""Why a call to Seonapi did not work, in words that say what to do: certificates, and refusals on the way.

What stands between is a stranger: of what it sends only names are repeated, few and short.
"""

import errno
import socket
import ssl
from collections.abc import Iterator, Sequence

from seon import pki
from seon.net.failures import connect_causes, name_failure
from seon.pki import PkiError

_NAME_MISMATCH = {62, 64}
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""
_UNKNOWN_ISSUER = {18, 19, 20, 21}
"""Self-signed, a chain that ends in an unknown CA, and issuer not found."""
_CONNECTING = {errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM}
"""Errors that connecting ends with, and nothing that comes later."""
_MOST_NAMES, _LONGEST_NAME = 10, 100


def of_certificate(error: BaseException, host: str, leaf: bytes) -> str:
    """Return what is wrong with the certificate that somebody showed; "" if `error` comes from something else.

    `leaf`: the certificate it showed at first contact, DER; empty if there is none.
    """
    refused = _refused_certificate(error)
    if refused is None:
        return ""
    if refused.verify_code in _NAME_MISMATCH:
        return wrong_name(host, names_of(leaf))
    said = f"certificate verify failed: {refused.verify_message}"
    if refused.verify_code in _UNKNOWN_ISSUER:
        return (
            f"{said}; its certificate must be one of the API CA that the token names: "
            "a reverse proxy shows Seonapi's own, https.pem"
        )
    return said


def of_connecting(error: BaseException) -> str:
    """Return why nobody could be connected to; "" if `error` comes from something else."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return f"name: {name_failure('', cause).cause}"
        if isinstance(cause, OSError) and cause.errno in _CONNECTING:
            return f"connect: {connect_causes([('', cause.errno)], 0, literal=True)}"
    return ""


def _refused_certificate(error: BaseException) -> ssl.SSLCertVerificationError | None:
    return next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(20):  # an exception may be its own context by many ways
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def wrong_name(host: str, names: Sequence[str]) -> str:
    """Return that a certificate is not for a host but for others, and what to do."""
    shown = ", ".join(name[:_LONGEST_NAME] for name in names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    listed = f"it is for {shown}{more}" if names else "it names no host"
    return (
        f"its https certificate is not for {host}: {listed}. Name one of these in -U, or run "
        f"`seonapi host add {host}` on Seonapi's host"
    )


def names_of(leaf: bytes) -> list[str]:
    """Return the hosts and addresses that a certificate names; none if it cannot be read."""
    try:
        names = pki.alternative_names_of(pki.certificate_in_der(leaf))
    except PkiError:
        return []
    return [*names.hosts, *map(str, names.addresses)] if names else []


def of_challenge(challenge: str, *, gave_password: bool) -> str:
    """Return what a 401 means that is not Seonapi's own. `challenge`: its header WWW-Authenticate."""
    if challenge.partition(" ")[0].lower() != "basic":
        return "what stands before it (a reverse proxy) refuses every call, and not for want of HTTP Basic (status 401)"
    if gave_password:
        return "what stands before it (a reverse proxy) does not accept user and password of -U (HTTP Basic)"
    return (
        "what stands before it (a reverse proxy) demands user and password (HTTP Basic): "
        "give them as -U https://user:password@..."
    )


def of_status(status: int) -> str:
    """Return what a status means that comes without Seonapi's words."""
    if status == 404:
        return "there is no Seonapi (status 404); is the path in -U right, and does `seonapi serve` know it (--prefix)?"
    if 300 <= status < 400:
        return f"it sends elsewhere (status {status}); -U must name Seonapi itself"
    return f"it answered with status {status}"


def hidden_authority(path: str) -> str:
    """Return what to do where not even the CA's certificate is shown without a password."""
    return (
        "what stands before it (a reverse proxy) demands a password for the certificate of the API CA too, which is "
        f"public: let it pass GET {path} without one, or append api-ca.pem to its certificate"
    )


def chain_of(connection: object) -> list[bytes]:
    """Return the certificates that a peer of TLS showed, DER, its own first, unverified; none if that is not known."""
    if isinstance(connection, ssl.SSLObject):
        # Python 3.13 has a public method; before it, the same is below.
        public = getattr(connection, "get_unverified_chain", None)
        if public is not None:
            return list(public())
        inner = getattr(connection, "_sslobj", None)
        return [shown.public_bytes(_DER) for shown in (inner.get_unverified_chain() or ())] if inner else []
    return []


_DER = 2
"""ENCODING_DER of the private module _ssl."""
