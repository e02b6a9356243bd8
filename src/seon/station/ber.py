"""Reading BER, as far as CMS needs it: tags of one octet, definite and indefinite lengths (X.690).

Other stations' CMS comes in BER as well as in DER, so a reader of DER alone would refuse good signatures.
"""

from dataclasses import dataclass

INTEGER, OCTET_STRING, OBJECT_IDENTIFIER, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
CONSTRUCTED, CONTEXT = 0x20, 0xA0
_LONG_TAG, _INDEFINITE, _LONG_LENGTH = 0x1F, 0x80, 0x80
_END = b"\0\0"
_DEEPEST = 20
"""Levels of nesting, and octets of a length: CMS needs fewer of both."""
_LONGEST_IDENTIFIER, _LONGEST_TEXT = 32, 64
"""Octets of an object identifier that are read for a text, and characters of that."""


class BerError(ValueError):
    """Octets that are no BER, or BER that no CMS needs."""


@dataclass(frozen=True, slots=True)
class Element:
    """One tag with what it holds. `octets`: all of it, tag and length included."""

    tag: int
    content: bytes
    octets: bytes

    def parts(self) -> list["Element"]:
        """Return the elements inside. Raises BerError."""
        if not self.tag & CONSTRUCTED:
            raise BerError("a primitive element has no parts")
        return elements(self.content)

    def value(self) -> bytes:
        """Return the octets of a string, also of one that was cut into several. Raises BerError."""
        return self._value(0)

    def _value(self, depth: int) -> bytes:
        if not self.tag & CONSTRUCTED:
            return self.content
        if depth > _DEEPEST:
            raise BerError("nested too deeply")
        return b"".join(part._value(depth + 1) for part in self.parts())


def elements(octets: bytes) -> list[Element]:
    """Return the elements that `octets` are made of, one level of them. Raises BerError."""
    found, at = [], 0
    while at < len(octets):
        element, at = _element(octets, at, 0)
        found.append(element)
    return found


def the_only(found: list[Element], tag: int) -> Element:
    """Return the one element that there is, if it has this tag. Raises BerError."""
    if len(found) != 1 or found[0].tag != tag:
        raise BerError("not one element of the type that is expected")
    return found[0]


def dotted(identifier: bytes) -> str:
    """Return the content of an OBJECT IDENTIFIER in numbers (X.690 8.19), cut where it is long; nothing for none."""
    numbers, number = [], 0
    for octet in identifier[:_LONGEST_IDENTIFIER]:
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    if not numbers:
        return ""
    root = min(numbers[0] // 40, 2)
    text = ".".join(map(str, (root, numbers[0] - 40 * root, *numbers[1:])))
    whole = len(identifier) <= _LONGEST_IDENTIFIER and len(text) <= _LONGEST_TEXT
    return text if whole else f"{text[:_LONGEST_TEXT]}..."


def encoded(tag: int, content: bytes) -> bytes:
    """Return an element in DER."""
    size = len(content)
    if size < _LONG_LENGTH:
        return bytes((tag, size)) + content
    length = size.to_bytes(-(-size.bit_length() // 8), "big")
    return bytes((tag, _LONG_LENGTH | len(length))) + length + content


def _element(octets: bytes, at: int, depth: int) -> tuple[Element, int]:
    """Return the element at `at`, and where it ends."""
    if depth > _DEEPEST:
        raise BerError("nested too deeply")
    if len(octets) < at + 2 or octets[at] & _LONG_TAG == _LONG_TAG:
        raise BerError("no tag and length")
    tag, size, begin = octets[at], octets[at + 1], at + 2
    if size == _INDEFINITE:
        end = _indefinite_end(octets, begin, depth)
        return Element(tag, octets[begin:end], octets[at : end + len(_END)]), end + len(_END)
    if size & _LONG_LENGTH:
        width = size & ~_LONG_LENGTH
        if width > _DEEPEST or begin + width > len(octets):
            raise BerError("a length without end")
        size, begin = int.from_bytes(octets[begin : begin + width], "big"), begin + width
    end = begin + size
    if end > len(octets):
        raise BerError("longer than what is there")
    return Element(tag, octets[begin:end], octets[at:end]), end


def _indefinite_end(octets: bytes, at: int, depth: int) -> int:
    """Return where the content ends that begins at `at`: before the first end mark of its own."""
    while octets[at : at + len(_END)] != _END:
        _, at = _element(octets, at, depth + 1)
    return at
