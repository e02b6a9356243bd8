"""The elements of a settings file, with their lines: the XML alone, without any meaning.

Who writes this file administers the host, and still makes mistakes; so all is bounded here. Entities are refused, and
nothing that the file names is ever opened: a DOCTYPE is passed over.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from seon.daemon.writing.settings import SettingsError

MAX_OCTETS = 256 * 1024
MAX_DEPTH = 16
"""log4c's own files have 3."""
MAX_ELEMENTS = 2_000
MAX_ATTRIBUTES = 32
"""Of one element."""
MAX_TEXT = 1_000
"""Characters of one attribute or text: longer than any path."""

_CLOSERS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_OPENER = re.compile(rb"<!--|<!\[CDATA\[|<\?")
_ENTITY = re.compile(rb"&(?!#|(?:amp|lt|gt|quot|apos);)")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class Element:
    """One element: its name, its attributes, the text directly in it, and its line."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list["Element"] = field(default_factory=list)


class _Target:
    """Takes what the parser finds. An error raised here reaches who called the parser."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.line: Callable[[], int] = int
        self._open: list[Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        _require(self._count <= MAX_ELEMENTS, f"more than {MAX_ELEMENTS} elements")
        _require(len(self._open) < MAX_DEPTH, f"elements lie deeper than {MAX_DEPTH}")
        _require(len(attributes) <= MAX_ATTRIBUTES, f"more than {MAX_ATTRIBUTES} attributes")
        for value in attributes.values():
            _require(len(value) <= MAX_TEXT, f"an attribute is longer than {MAX_TEXT} characters")
        element = Element(name, dict(attributes), self.line())
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def data(self, text: str) -> None:
        if self._open and not text.isspace():
            self._open[-1].text += text
            _require(len(self._open[-1].text) <= MAX_TEXT, f"a text is longer than {MAX_TEXT} characters")

    def end(self, _name: str) -> None:
        self._open.pop()

    def close(self) -> Element | None:
        return self.root


def _require(fine: bool, what: str) -> None:
    if not fine:
        raise SettingsError(f"{what}; this is no settings file of a log")


def parse(octets: bytes) -> Element:
    """Return the root element. Raises SettingsError with the line and column of what is wrong, and nothing else."""
    if len(octets) > MAX_OCTETS:
        raise SettingsError(f"the file has more than {MAX_OCTETS // 1024} KB; this is no settings file of a log")
    target = _Target()
    parser = DefusedXMLParser(target=target, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    expat = parser.parser
    target.line = lambda: int(expat.CurrentLineNumber)
    try:
        parser.feed(octets)
        parser.close()
    except ParseError as error:
        line, column = error.position
        raise SettingsError(_reason(str(error)), line, column + 1) from None
    except DefusedXmlException:
        where = expat.CurrentLineNumber, expat.CurrentColumnNumber + 1
        raise SettingsError("entities and external references are refused", *where) from None
    except SettingsError as error:
        raise SettingsError(error.text, expat.CurrentLineNumber, expat.CurrentColumnNumber + 1) from None
    except (ValueError, LookupError, TypeError) as error:  # an encoding that Python knows and expat cannot take
        where = expat.CurrentLineNumber, expat.CurrentColumnNumber + 1
        raise SettingsError(f"the encoding is not one that can be read ({type(error).__name__})", *where) from None
    if target.root is None:
        raise SettingsError("there is no element in it", 1, 1)
    _refuse_references(octets)
    return target.root


def _refuse_references(octets: bytes) -> None:
    """Refuse a reference to an entity that nobody declares: beside a DOCTYPE, the parser leaves it out silently."""
    if octets.startswith(_UTF_16):
        octets = octets.decode("utf-16", "replace").encode()
    plain = _without_markup(octets)
    found = _ENTITY.search(plain)
    if found:
        before = plain[: found.start()]
        line, column = before.count(b"\n") + 1, found.start() - before.rfind(b"\n")
        raise SettingsError("entities and external references are refused", line, column)


def _without_markup(octets: bytes) -> bytes:
    """Return a well-formed text without its comments and whatever else may hold a lone `&`; the lines stay."""
    pieces, position = [], 0
    while opener := _OPENER.search(octets, position):
        closer = _CLOSERS[opener[0]]
        end = octets.find(closer, opener.end())
        if end < 0:  # it only looked like one, in a literal of the DOCTYPE
            break
        end += len(closer)
        hidden = re.sub(rb"[^\n]", b" ", octets[opener.start() : end])
        pieces += [octets[position : opener.start()], hidden]
        position = end
    return b"".join([*pieces, octets[position:]])


def _reason(said: str) -> str:
    """Return the parser's words without the place, which stands beside them."""
    return said.partition(": line ")[0]
