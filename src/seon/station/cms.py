"""CMS SignedData as OFTP2 uses it (RFC 5024 5.3.13): signatures around their content. Sealing is in envelopes.py.

No file and no socket: keys, certificates and octets in, octets out. All keys are RSA with PKCS #1 v1.5, as all cipher
suites of OFTP2 are.
"""

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from seon.pki import Certificate, public_key_of
from seon.station.ber import (
    CONTEXT,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    BerError,
    Element,
    encoded,
    the_only,
)
from seon.station.ber import elements as ber_elements

HASHES: MappingProxyType[bytes, type[hashes.HashAlgorithm]] = MappingProxyType(
    {
        bytes.fromhex("2b0e03021a"): hashes.SHA1,
        bytes.fromhex("608648016503040201"): hashes.SHA256,
        bytes.fromhex("608648016503040202"): hashes.SHA384,
        bytes.fromhex("608648016503040203"): hashes.SHA512,
    }
)
"""Hash by the octets of its object identifier."""
_SIGNING: MappingProxyType[str, type[hashes.SHA256 | hashes.SHA512]] = MappingProxyType(
    {"sha256": hashes.SHA256, "sha512": hashes.SHA512}
)
ID_DATA = bytes.fromhex("2a864886f70d010701")
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")


class CmsError(Exception):
    """A CMS object that cannot be made, opened or believed."""


def signed(octets: bytes, chain: Sequence[Certificate], key: RSAPrivateKey, digest: str) -> bytes:
    """Return CMS SignedData with `octets` and the whole chain inside, the signer's certificate first.

    `digest`: sha256 or sha512. Raises CmsError for another: the library signs with nothing older.
    """
    if digest not in _SIGNING:
        raise CmsError(f"no signature is made with {digest}")
    builder = pkcs7.PKCS7SignatureBuilder(octets).add_signer(chain[0], key, _SIGNING[digest]())
    for certificate in chain[1:]:  # behind add_signer, which forgets what was added before
        builder = builder.add_certificate(certificate)
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities])


def content_signed_by(signer: Certificate, signature: bytes) -> bytes:
    """Return the content of CMS SignedData that the key of `signer` signed. Raises CmsError.

    The certificates inside say nothing here: whom to believe is `signer` alone (RFC 5024 10.3, exchanged before).
    """
    try:
        content, signers = _signed_data(signature)
        for info in signers:
            if _is_by(signer, info.parts(), content):
                return content
    except (ValueError, IndexError, StopIteration):
        raise CmsError("this is no CMS SignedData") from None
    raise CmsError("not signed by the key that is expected")


def _signed_data(octets: bytes) -> tuple[bytes, list[Element]]:
    """Return the content and the SignerInfos (RFC 5652 5.1)."""
    kind, holder = the_only(ber_elements(octets), SEQUENCE).parts()[:2]
    if (kind.tag, kind.content) != (OBJECT_IDENTIFIER, _SIGNED_DATA):
        raise BerError("another type of content")
    _, _, content, *_, signers = holder.parts()[0].parts()
    inner, held = content.parts()[:2]
    if (inner.tag, inner.content) != (OBJECT_IDENTIFIER, ID_DATA) or signers.tag != SET:
        raise BerError("another type of content inside")
    return held.parts()[0].value(), signers.parts()


def _is_by(signer: Certificate, info: list[Element], content: bytes) -> bool:
    """Whether a SignerInfo (RFC 5652 5.3) proves that `signer` signed `content`."""
    after = iter(info[2:])  # behind version and signer's name: which key it is shows when it fits
    digest = next(after).parts()[0].content
    if digest not in HASHES:
        return False
    field = next(after)
    covered = content
    if field.tag == CONTEXT:
        if not _attributes_fit(field.parts(), content, HASHES[digest]()):
            return False
        # Signed is the SET in DER, whatever stands here (RFC 5652 5.4).
        covered = encoded(SET, b"".join(sorted(attribute.octets for attribute in field.parts())))
        field = next(after)
    octets = next(element for element in (field, *after) if element.tag == OCTET_STRING).value()
    public = public_key_of(signer)
    assert isinstance(public, RSAPublicKey)
    try:
        public.verify(octets, covered, PKCS1v15(), HASHES[digest]())
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _attributes_fit(attributes: list[Element], content: bytes, algorithm: hashes.HashAlgorithm) -> bool:
    """Whether the signed attributes name this content by its type and hash, each once."""
    digest = hashes.Hash(algorithm)
    digest.update(content)
    said = list(_values(attributes))
    return all(
        [value for kind, value in said if kind == wanted] == [right]
        for wanted, right in ((_CONTENT_TYPE, ID_DATA), (_MESSAGE_DIGEST, digest.finalize()))
    )


def _values(attributes: Iterable[Element]) -> Iterator[tuple[bytes, bytes]]:
    for attribute in attributes:
        kind, values = attribute.parts()[:2]
        yield from ((kind.content, value.content) for value in values.parts())
