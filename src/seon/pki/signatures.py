"""Whether a signature over octets is that of a public key, by the AlgorithmIdentifier that names it (RFC 3279)."""

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from OpenSSL import crypto

from seon.pki import ber
from seon.pki.peer import PeerCertificate
from seon.pki.values import PkiError, PublicKey

MOST_RSA_BITS = 8_192
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "1.3.14.3.2.26": hashes.SHA1(),  # noqa: S303  # old CAs sign lists so; to forge one takes a second preimage
    "2.16.840.1.101.3.4.2.4": hashes.SHA224(),
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_SHA1, _SHA224, _SHA256, _SHA384, _SHA512 = _HASHES.values()
_RSA: Mapping[str, hashes.HashAlgorithm] = {
    "1.2.840.113549.1.1.5": _SHA1,
    "1.2.840.113549.1.1.14": _SHA224,
    "1.2.840.113549.1.1.11": _SHA256,
    "1.2.840.113549.1.1.12": _SHA384,
    "1.2.840.113549.1.1.13": _SHA512,
}
_PSS, _MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
_ECDSA: Mapping[str, hashes.HashAlgorithm] = {
    "1.2.840.10045.4.1": _SHA1,
    "1.2.840.10045.4.3.1": _SHA224,
    "1.2.840.10045.4.3.2": _SHA256,
    "1.2.840.10045.4.3.3": _SHA384,
    "1.2.840.10045.4.3.4": _SHA512,
}
_DSA: Mapping[str, hashes.HashAlgorithm] = {
    "1.2.840.10040.4.3": _SHA1,
    "2.16.840.1.101.3.4.3.1": _SHA224,
    "2.16.840.1.101.3.4.3.2": _SHA256,
}
_EDWARDS = {"1.3.101.112": ed25519.Ed25519PublicKey, "1.3.101.113": ed448.Ed448PublicKey}


def check_signature(signer: PeerCertificate, algorithm: bytes, signature: bytes, signed: bytes) -> None:
    """Return if the key of `signer` has made the signature over `signed`.

    `algorithm` is a whole AlgorithmIdentifier in DER, `signature` what is in its BIT STRING. Raises PkiError: the
    signature is another key's, or damaged, or of a kind that is not known or too weak (MD5).
    """
    try:
        _check(_key_of(signer), algorithm, signature, signed)
    except PkiError:
        raise
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):  # BrokenError is a ValueError, too
        raise PkiError("its signature is not that of its issuer") from None


def _key_of(signer: PeerCertificate) -> PublicKey:
    if signer.key.kind == "RSA" and signer.key.bits > MOST_RSA_BITS:
        raise PkiError(f"its issuer's key is too large: {signer.key.text}")
    try:
        return signer.openssl.get_pubkey().to_cryptography_key()  # type: ignore[return-value]
    except (crypto.Error, ValueError, TypeError, UnsupportedAlgorithm):
        raise PkiError(f"its issuer's key cannot be used: {signer.key.text}") from None


def _check(key: PublicKey, algorithm: bytes, signature: bytes, signed: bytes) -> None:
    name, parameters = _named(algorithm)
    if isinstance(key, rsa.RSAPublicKey) and name in _RSA:
        key.verify(signature, signed, padding.PKCS1v15(), _RSA[name])
    elif isinstance(key, rsa.RSAPublicKey) and name == _PSS:
        way, digest = _pss(parameters)
        key.verify(signature, signed, way, digest)
    elif isinstance(key, ec.EllipticCurvePublicKey) and name in _ECDSA:
        key.verify(signature, signed, ec.ECDSA(_ECDSA[name]))
    elif isinstance(key, dsa.DSAPublicKey) and name in _DSA:
        key.verify(signature, signed, _DSA[name])
    elif isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)) and isinstance(key, _EDWARDS.get(name, ())):
        key.verify(signature, signed)
    else:
        raise PkiError(f"its signature is of a kind that is not taken for the key of its issuer ({name})")


def _named(algorithm: bytes) -> tuple[str, bytes]:
    """Return the name of an AlgorithmIdentifier and its parameters, b"" if there are none."""
    whole = ber.whole(algorithm)
    name, *parameters = ber.members(algorithm, whole, 2)
    rest = algorithm[parameters[0].start : parameters[0].end] if parameters else b""
    return ber.dotted(ber.content(algorithm, name, ber.OBJECT)), rest


def _pss(parameters: bytes) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    """Return what the parameters of RSASSA-PSS say (RFC 4055, 3.1)."""
    whole = ber.whole(parameters)
    parts = {part.tag: parameters[part.inside : part.inside_end] for part in ber.members(parameters, whole, 4)}
    digest, mask, salt = _SHA1, _SHA1, 20
    if 0xA0 in parts:
        digest = _hash(parts[0xA0])
    if 0xA1 in parts:
        name, of = _named(parts[0xA1])
        if name != _MGF1:
            raise PkiError(f"its signature is of a kind that is not known here (PSS with {name})")
        mask = _hash(of)
    if 0xA2 in parts:
        salt = int.from_bytes(ber.content(parts[0xA2], ber.whole(parts[0xA2]), ber.INTEGER)[:3], "big")
    return padding.PSS(padding.MGF1(mask), salt), digest


def _hash(algorithm: bytes) -> hashes.HashAlgorithm:
    name = _named(algorithm)[0]
    if name not in _HASHES:
        raise PkiError(f"its signature is of a kind that is not taken (hash {name})")
    return _HASHES[name]
