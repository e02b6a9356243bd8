"""Elements of BER (X.690 §8): where each begins and ends, and what stands in it. Standard library only.

What OpenSSL takes is BER and not only DER: long forms of lengths, lengths that are left open. So both are read here.
Nothing is copied, and whoever calls says how much is read.
"""

from typing import NamedTuple

INTEGER, BIT_STRING, OCTETS, OBJECT, BOOLEAN, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x01, 0x30, 0x31
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
DEPTH = 32
"""How deep elements of open length may stand in each other; OpenSSL reads to 30."""
MOST_SKIPPED = 2_000
"""Elements in one of open length."""


class BrokenError(ValueError):
    """Not BER, or not what stands there by the rules of its kind."""


class Element(NamedTuple):
    """One element of a string of octets, by places."""

    tag: int
    """Its first octet: class, form and number."""
    start: int
    inside: int
    """Where its content begins."""
    inside_end: int
    end: int
    """Behind all of it; of an open length also behind the end-of-contents octets."""


def element_at(octets: bytes, at: int, end: int) -> Element:
    """Return the element that begins there and ends at `end` or before. Raises BrokenError."""
    inside, length = _head(octets, at, end)
    if length < 0:
        return _open(octets, at, end)
    return Element(octets[at], at, inside, inside + length, inside + length)


def _head(octets: bytes, at: int, end: int) -> tuple[int, int]:
    """Return where an element's content begins, and how long it is; -1: it is left open."""
    if at + 2 > end:
        raise BrokenError("cut off")
    tag, length, inside = octets[at], octets[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise BrokenError("a tag of more than one octet")
    if length == 0x80:
        if not tag & 0x20:
            raise BrokenError("an open length of what has no members")
        return inside, -1
    if length > 0x80:
        size = length & 0x7F
        length = int.from_bytes(octets[inside : inside + size], "big")
        inside += size
    if inside + length > end:
        raise BrokenError("cut off")
    return inside, length


def _open(octets: bytes, at: int, end: int) -> Element:
    """Return an element whose length is left open: it goes on to two zero octets among its members.

    Whoever wrote it can make each member one octet long: so they are counted, those of its members too.
    """
    here, depth = at + 2, 1
    for _ in range(MOST_SKIPPED):
        if octets[here : here + 2] == b"\0\0" and here + 2 <= end:
            depth -= 1
            if not depth:
                return Element(octets[at], at, at + 2, here, here + 2)
            here += 2
            continue
        inside, length = _head(octets, here, end)
        depth += length < 0
        if depth > DEPTH:
            raise BrokenError("too deep")
        here = inside + max(length, 0)
    raise BrokenError("too many members")


def members(octets: bytes, whole: Element, most: int = 1_000) -> list[Element]:
    """Return the elements in another one. Raises BrokenError, also where there are more than `most`."""
    found: list[Element] = []
    at = whole.inside
    while at < whole.inside_end:
        if len(found) == most:
            raise BrokenError("too many members")
        found.append(element_at(octets, at, whole.inside_end))
        at = found[-1].end
    return found


def content(octets: bytes, element: Element, tag: int) -> bytes:
    """Return what stands in an element of this tag. Raises BrokenError for another one."""
    if element.tag != tag:
        raise BrokenError(f"tag {element.tag:#x} in the place of {tag:#x}")
    return octets[element.inside : element.inside_end]


def whole(octets: bytes) -> Element:
    """Return the one element that these octets are. Raises BrokenError, also for octets behind it."""
    found = element_at(octets, 0, len(octets))
    if found.end != len(octets):
        raise BrokenError("octets behind it")
    return found


def dotted(identifier: bytes) -> str:
    """Return the content of an object identifier in numbers with dots. Raises BrokenError."""
    numbers, number = [], 0
    if not identifier or len(identifier) > 64 or identifier[-1] & 0x80:
        raise BrokenError("no object identifier")
    for octet in identifier:
        number = number << 7 | octet & 0x7F
        if octet < 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))
