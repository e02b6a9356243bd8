"""Files with certificates, damaged: seeds, and changes that know what a file is made of.

Octets flipped at random end nearly every reading at its first length. So most changes here take one element of DER out
of its place, change it, and write all lengths around it anew.
"""

import base64
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs7, pkcs12

from certificates import Extensions, Made, make
from odd_certificates import CASES, CN, REFUSED, SERIAL, VALID, O, Odd, extension, name, sequence, tlv
from seon import pki
from seon.pki import ber
from seon.pki.ber import BrokenError

VECTORS = Path(__file__).parents[1] / "vectors" / "certificates"
PASSWORD = b"geheim"
LARGE = 40_000
"""Octets; seeds above are of no use for many runs."""
_DEEP = 12
Tree = tuple[int, "list[Tree] | bytes"]
"""An element: its tag, and its members or its content."""

# --- seeds ------------------------------------------------------------------------------------------------------------


@cache
def seeds() -> tuple[bytes, ...]:
    """Return files as they are: certificates of all kinds, lists, requests, keys and containers."""
    made = usual()
    found = [*(odd.der for odd in (CASES | REFUSED).values()), *(path.read_bytes() for path in VECTORS.iterdir())]
    found += [made.certificate.public_bytes(form) for form in (Encoding.DER, Encoding.PEM)]
    found += [
        pkcs7.serialize_certificates([made.certificate, CA.certificate], form) for form in (Encoding.DER, Encoding.PEM)
    ]
    protection = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(100).hmac_hash(hashes.SHA256()).build(PASSWORD)
    found.append(pkcs12.serialize_key_and_certificates(b"x", made.key, made.certificate, [CA.certificate], protection))
    found += [
        made.key.private_bytes(form, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD))
        for form in (Encoding.DER, Encoding.PEM)
    ]
    found += [made.key_pem + made.pem.encode(), pki.new_request(made.key, "x").encode(), _list(made), made.old_key_pem]
    return tuple(octets for octets in found if len(octets) < LARGE)


CA = make("CA", ca=True)


@cache
def usual() -> Made:
    """Return a certificate as partners have them, below `CA`."""
    uri = x509.UniformResourceIdentifier
    point = x509.DistributionPoint([uri("http://a.example/x.crl"), uri("ldap://a.example/x")], None, None, None)
    extensions: Extensions = [
        (x509.SubjectAlternativeName([uri("oftp://O0013000001ACME"), x509.DNSName("a.example")]), False),
        (x509.KeyUsage(True, False, True, False, False, False, False, False, False), True),
        (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        (x509.CRLDistributionPoints([point]), False),
    ]
    subject = x509.Name.from_rfc4514_string("2.5.4.5=O0013000001ACME,CN=Müller\\, Söhne,OU=a+O=b,C=DE")
    return make(subject, ec.generate_private_key(ec.SECP256R1()), issuer=CA, extensions=extensions)


def _list(by: Made) -> bytes:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateRevocationListBuilder(by.certificate.subject, now, now + dt.timedelta(1))
    for serial in range(1, 20):
        builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder(serial, now).build())
    return builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER)


# --- changes ----------------------------------------------------------------------------------------------------------


def mutated(random: Random) -> bytes:
    """Return a file with one to four changes, in one of the forms that people send."""
    if random.random() < 0.2:
        return _made_up(random).der
    octets = random.choice(seeds())
    for _ in range(random.choice((1, 1, 1, 1, 2, 3))):
        octets = random.choice(_CHANGES)(octets, random)
    return random.choice(_FORMS)(octets) if random.random() < 0.3 else octets


def _made_up(random: Random) -> Odd:
    """Return a certificate in a right frame whose parts hold what nobody expects."""
    texts = (b"", b"x", "Müller".encode("latin-1"), "Müller".encode(), b"a\0b", b"\x1b[2K", b"O0013", b"\xd8\0" * 4)
    parts = [
        (random.choice((CN, O, SERIAL, b"\x2a\x03")), random.choice((12, 19, 19, 20, 22, 28, 30, 3, 4)), text)
        for text in random.choices((*texts, random.randbytes(5)), k=random.randrange(4))
    ]
    moments = (b"260101000000Z", b"991231235959Z", b"260101000000+0100", b"20260230000000Z", b"00000101000000Z", b"")
    tags = (0x82, 0x86, 0x87, 6, 1, 2, 0x30, 0xA0)
    values = [sequence(tlv(random.choice(tags), random.choice(texts))) for _ in range(5)]
    validity = sequence(*(tlv(random.choice((23, 24)), random.choice(moments)) for _ in range(2)))
    return Odd(
        subject=name(*parts),
        issuer=name(*random.sample(parts, len(parts))),
        serial=tlv(2, random.randbytes(random.choice((1, 8, 20, 70)))),
        validity=random.choice((VALID, VALID, VALID, validity)),
        version=random.choice((b"", b"\xa0\x03\x02\x01\x02")),
        extensions=[
            extension(random.choice((14, 15, 17, 19, 31, 35, 37)), _flipped(random.choice(values), random))
            for _ in range(random.randrange(4))
        ],
        behind=random.choice((b"", b"\0\0")),
    )


def _flipped(octets: bytes, random: Random) -> bytes:
    if not octets:
        return octets
    raw, at = bytearray(octets), random.randrange(len(octets))
    raw[at] = random.choice((raw[at] ^ 1 << random.randrange(8), random.randrange(256), 0, 0x30, 0x80, 0xFF, 0x84))
    return bytes(raw)


def _cut(octets: bytes, random: Random) -> bytes:
    return octets[: random.randrange(len(octets) + 1)]


def _without(octets: bytes, random: Random) -> bytes:
    at = random.randrange(len(octets) + 1)
    return octets[:at] + octets[at + random.choice((1, 2, 10, 100)) :]


def _with_more(octets: bytes, random: Random) -> bytes:
    at = random.randrange(len(octets) + 1)
    more = random.choice(
        (random.randbytes(random.choice((1, 3, 30))), octets[at : at + 50], b"\0" * 20, b"\x30\x80" * 40)
    )
    return octets[:at] + more + octets[at:]


def _spliced(octets: bytes, random: Random) -> bytes:
    other = random.choice(seeds())
    return octets[: random.randrange(len(octets) + 1)] + other[random.randrange(len(other) + 1) :]


def _element(octets: bytes, random: Random) -> bytes:
    """Change one element of DER, inside PEM too, and all lengths around it."""
    if b"-----BEGIN" in octets:
        return _inside_pem(octets, random)
    try:
        tree = _tree(octets, ber.element_at(octets, 0, len(octets)), 0)
    except (BrokenError, IndexError):
        return _flipped(octets, random)
    places = list(_places(tree, ()))
    weights = [len(place) ** 2 + 1 for place in places]
    return _encoded(_changed(tree, random.choices(places, weights)[0], random))


def _inside_pem(octets: bytes, random: Random) -> bytes:
    label, _, rest = octets.partition(b"-----BEGIN ")[2].partition(b"-----")
    try:
        der = base64.b64decode(rest.partition(b"-----END")[0])
    except ValueError:
        return _flipped(octets, random)
    return _pem(_element(der, random) if der else der, label)


def _tree(octets: bytes, element: ber.Element, depth: int) -> Tree:
    if depth < _DEEP and element.tag & 0x20:
        return element.tag, [_tree(octets, one, depth + 1) for one in ber.members(octets, element)]
    content = octets[element.inside : element.inside_end]
    if element.tag == ber.OCTETS and content[:1] in (b"\x30", b"\x03"):  # an extension's value
        with suppress(BrokenError):
            return element.tag, [_tree(content, ber.whole(content), depth + 1)]
    return element.tag, content


def _places(tree: Tree, way: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    yield way
    if isinstance(tree[1], list):
        for number, member in enumerate(tree[1]):
            yield from _places(member, (*way, number))


def _changed(tree: Tree, way: tuple[int, ...], random: Random) -> Tree:
    tag, content = tree
    if way:
        assert isinstance(content, list)
        members = list(content)
        members[way[0]] = _changed(members[way[0]], way[1:], random)
        return tag, members
    kind = random.randrange(5)
    if kind == 0 and random.random() < 0.5:
        return random.choice(
            (tag ^ 1 << random.randrange(8), 2, 3, 4, 5, 6, 12, 19, 20, 22, 23, 24, 30, 48, 49)
        ), content
    if isinstance(content, bytes):
        return tag, random.choice(
            (b"", _flipped(content, random), content * 2, random.randbytes(random.randrange(40)), b"\xff" * 30)
        )
    members = list(content)
    if kind == 1 and members:
        del members[random.randrange(len(members))]
    elif kind == 2 and members:
        members += [random.choice(members)] * random.choice((1, 3, 300))
    elif kind == 3:
        random.shuffle(members)
    else:
        members.insert(random.randrange(len(members) + 1), (random.choice((1, 4, 6, 48, 0xA0)), random.randbytes(3)))
    return tag, members


def _encoded(tree: Tree) -> bytes:
    tag, content = tree
    return tlv(tag & 0xFF, content if isinstance(content, bytes) else b"".join(map(_encoded, content)))


_CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flipped, _cut, _without, _with_more, _spliced, _element, _element, _element, _element, _element, _element,
)  # fmt: skip


def _pem(octets: bytes, label: bytes = b"CERTIFICATE") -> bytes:
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (label, base64.encodebytes(octets), label)


_FORMS: tuple[Callable[[bytes], bytes], ...] = (
    _pem,
    lambda octets: _pem(octets, b"PKCS7"),
    lambda octets: _pem(octets, b"TRUSTED CERTIFICATE"),
    lambda octets: _pem(octets, b"ENCRYPTED PRIVATE KEY"),
    base64.encodebytes,
    lambda octets: b"> " + _pem(octets).replace(b"\n", b"\n> "),
    lambda octets: _pem(octets).decode("latin-1").encode("utf-16"),
    lambda octets: octets.decode("latin-1").encode("utf-16-be"),
    lambda octets: _pem(octets).replace(b"\n", rb"\n"),
)
