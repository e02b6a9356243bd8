"""CMS EnvelopedData around a challenge (RFC 5024 5.3.17, RFC 5652 section 6): octets that one key opens.

We seal with AES-256 in DER. Other stations seal with what their suite says, 3DES too, in DER or BER, so what is opened
is read here. No file and no socket: keys, certificates and octets in, octets out.

What comes is chosen by a stranger. It is small or not read; it is opened or not, and nothing but CmsError with one text
says that it is not, whatever was wrong. Where RSA gives no key of the right size, a random one takes its place and the
rest goes on as ever: nobody learns from us which RSA blocks are well formed (the attack of Bleichenbacher, RFC 3218).
"""

import secrets
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, HashAlgorithm
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from seon.pki import Certificate, issuer_in_der, key_identifier_of
from seon.station.ber import (
    CONSTRUCTED,
    CONTEXT,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    BerError,
    Element,
    dotted,
    elements,
    the_only,
)
from seon.station.cms import HASHES, ID_DATA, CmsError

MOST_OCTETS = 16 * 1024
"""Of an envelope: real ones have 200 to 700 octets, and some kB where they carry certificates."""
MOST_RECIPIENTS = 16

_ENVELOPED_DATA = bytes.fromhex("2a864886f70d010703")
_RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")
_RSA_OAEP = bytes.fromhex("2a864886f70d010107")
_MGF1 = bytes.fromhex("2a864886f70d010108")


@dataclass(frozen=True, slots=True)
class _ContentCipher:
    """A way to encrypt content, all of them in CBC. `key_size`: octets."""

    name: str
    algorithm: type[AES | TripleDES]
    key_size: int


_CIPHERS: MappingProxyType[bytes, _ContentCipher] = MappingProxyType(
    {
        bytes.fromhex("2a864886f70d0307"): _ContentCipher("DES-EDE3-CBC", TripleDES, 24),
        bytes.fromhex("60864801650304012a"): _ContentCipher("AES-256-CBC", AES, 32),
        bytes.fromhex("608648016503040116"): _ContentCipher("AES-192-CBC", AES, 24),
        bytes.fromhex("608648016503040102"): _ContentCipher("AES-128-CBC", AES, 16),
    }
)
"""By the octets of its object identifier."""


def sealed(octets: bytes, recipient: Certificate) -> bytes:
    """Return CMS EnvelopedData that only the key of `recipient` opens (AES-256)."""
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(octets).add_recipient(recipient)
    return builder.set_content_encryption_algorithm(AES256).encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def opened(envelope: bytes, certificate: Certificate, key: RSAPrivateKey) -> bytes:
    """Return what is in CMS EnvelopedData. Raises CmsError, with one text for all that can be wrong."""
    try:
        found = _Envelope.read(envelope)
        cipher = _CIPHERS[found.cipher]
        content_key = _content_key(found.recipients, certificate, key, cipher.key_size)
        return found.decrypted(cipher, content_key)
    except (ValueError, LookupError, UnsupportedAlgorithm):
        raise CmsError("this is not sealed for this key, or not in a way that is known here") from None


def cipher_of(envelope: bytes) -> str:
    """Return with what the content is encrypted, for our log: a name of ours, or else numbers, at most some 70 of them.

    Nothing where that cannot be read. It needs no key: a stranger knows it too.
    """
    try:
        kind = _Envelope.read(envelope).cipher
    except (ValueError, LookupError):
        return ""
    return _CIPHERS[kind].name if kind in _CIPHERS else dotted(kind)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What matters of an EnvelopedData. `cipher`: octets of an object identifier, `parameters` are its own."""

    recipients: list[Element]
    cipher: bytes
    parameters: list[Element]
    content: bytes

    @classmethod
    def read(cls, octets: bytes) -> "_Envelope":
        """Read a ContentInfo (RFC 5652 3, 6.1). Raises ValueError."""
        if len(octets) > MOST_OCTETS:
            raise BerError("larger than any challenge")
        kind, holder = the_only(elements(octets), SEQUENCE).parts()
        if (kind.tag, kind.content, holder.tag) != (OBJECT_IDENTIFIER, _ENVELOPED_DATA, CONTEXT):
            raise BerError("another type of content")
        _version, *fields = the_only(holder.parts(), SEQUENCE).parts()
        if fields and fields[0].tag == CONTEXT:
            del fields[0]  # originatorInfo: certificates that we need not
        recipients, information, *_attributes = fields
        kind, algorithm, content = information.parts()
        if (recipients.tag, kind.content, content.tag | CONSTRUCTED) != (SET, ID_DATA, CONTEXT):
            raise BerError("another type of content inside")
        cipher, *parameters = algorithm.parts()
        return cls(recipients.parts(), cipher.content, parameters, content.value())

    def decrypted(self, cipher: _ContentCipher, key: bytes) -> bytes:
        """Return the content (RFC 5652 6.3, RFC 3370 5, RFC 3565 4.1). Raises ValueError, UnsupportedAlgorithm."""
        algorithm = cipher.algorithm(key)
        vector = the_only(self.parameters, OCTET_STRING).content
        decryptor = Cipher(algorithm, CBC(vector)).decryptor()
        unpadder = PKCS7(algorithm.block_size).unpadder()
        padded = decryptor.update(self.content) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()


def _content_key(recipients: list[Element], certificate: Certificate, key: RSAPrivateKey, size: int) -> bytes:
    """Return a key of `size` octets: ours, or one at random where there is none. Raises ValueError, LookupError."""
    block, padding = _for_us(recipients, certificate)
    at_random = secrets.token_bytes(size)
    try:
        found = key.decrypt(block, padding)
    except ValueError:
        found = b""
    return found if len(found) == size else at_random


def _for_us(recipients: list[Element], certificate: Certificate) -> tuple[bytes, AsymmetricPadding]:
    """Return the encrypted key of the KeyTransRecipientInfo that names our certificate (RFC 5652 6.2.1)."""
    if len(recipients) > MOST_RECIPIENTS:
        raise BerError("for more recipients than a challenge has")
    for recipient in recipients:
        if recipient.tag != SEQUENCE:
            continue  # another way to agree on a key
        _version, name, algorithm, block = recipient.parts()
        if _is_named(name, certificate):
            return block.value(), _padding(algorithm)
    raise BerError("for somebody else")


def _is_named(name: Element, certificate: Certificate) -> bool:
    """Whether a RecipientIdentifier is this certificate's: issuer and serial number, or the key's identifier."""
    if name.tag | CONSTRUCTED == CONTEXT:
        return name.value() == key_identifier_of(certificate)
    issuer, serial = name.parts()
    return (
        serial.tag == INTEGER
        and int.from_bytes(serial.content, "big", signed=True) == certificate.serial_number
        and _words(issuer) == _words(*elements(issuer_in_der(certificate)))
    )


def _words(name: Element) -> list[set[tuple[bytes, bytes]]]:
    """Return a Name without the types of its strings: programs change them when they copy a name."""
    return [{_pair(each.parts()) for each in relative.parts()} for relative in name.parts()]


def _pair(parts: list[Element]) -> tuple[bytes, bytes]:
    kind, value = parts
    return kind.content, value.value()


def _padding(algorithm: Element) -> AsymmetricPadding:
    """Return how the key is encrypted: RSA with PKCS #1 v1.5, as OFTP2's suites have it, or OAEP."""
    kind, *parameters = algorithm.parts()
    if kind.content == _RSA_ENCRYPTION:
        return PKCS1v15()
    if kind.content == _RSA_OAEP:
        return _oaep(parameters[0].parts() if parameters else [])
    raise BerError("another way to encrypt a key")


def _oaep(fields: list[Element]) -> OAEP:
    """Return the padding that RSAES-OAEP-params name (RFC 4055 4.1): what they do not name is SHA-1."""
    hashed: type[HashAlgorithm] = SHA1
    masked: type[HashAlgorithm] = SHA1
    for field in fields:
        kind, *parameters = the_only(field.parts(), SEQUENCE).parts()
        if field.tag == CONTEXT:
            hashed = HASHES[kind.content]
        elif field.tag == CONTEXT + 1 and kind.content == _MGF1:
            masked = HASHES[parameters[0].parts()[0].content]
        else:
            raise BerError("an OAEP that CMS does not need")
    return OAEP(MGF1(masked()), hashed(), None)
