"""The kinds of fields that commands are made of (RFC 5024 5.2), each with one reader and one writer.

`read` gets exactly the field's octets, returns its value, and either notes a Flaw (readable, but against a rule) or
raises InvalidBufferError (no reading). `write` returns the octets or raises LocalError. Texts never show a value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from seon.oftp2.errors import Flaw, LocalError
from seon.oftp2.rules import broken

TERMINATORS = b"\x0d\x8d"
"""CR, and CR with a parity bit set."""

_X_SET = re.compile(rb"[0-9A-Z/\-.&() ]*\Z")
_X_SET_SOFT = re.compile(rb"[0-9A-Za-z_/\-.&() ]*\Z")
_DIGITS = re.compile(rb"[0-9]+\Z")
_PADDED = re.compile(rb" *[0-9]+\Z")

Flaws = list[Flaw]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a layout. `attribute` is the command's attribute that holds the value, empty where there is none."""

    name: str
    """The RFC's name."""
    width: int | None
    """Octets; None where the Count before it says so."""
    attribute: str = ""
    tail: bool = False
    """Stations leave this field out together with all that follow it up to a terminator: readable, a flaw."""
    secret: bool = False
    """Its octets are shown nowhere: not in a finding, a trace or a table."""

    def read(self, raw: bytes, at: int, flaws: Flaws, /) -> Any:
        """Return the value of `raw`, which stands at offset `at`."""
        raise NotImplementedError

    def write(self, value: Any, /) -> bytes:
        """Return `value` as octets."""
        raise NotImplementedError

    def note(self, rule: str, at: int, flaws: Flaws, text: str = "") -> None:
        """Add a flaw of this field."""
        flaws.append(broken(rule, at, self.name, text).flaw)

    def misfit(self, why: str) -> LocalError:
        """Return the error for a value that this field cannot hold; it does not show the value (it may be a secret)."""
        return LocalError(f"{self.name}: {why}")


@dataclass(frozen=True, slots=True)
class Constant(Field):
    """Octets that never differ."""

    octets: bytes = b""

    def read(self, raw: bytes, at: int, _flaws: Flaws, /) -> None:
        """Raise FLD-FIX on anything else."""
        if raw != self.octets:
            raise broken("FLD-FIX", at, self.name)

    def write(self, _value: Any, /) -> bytes:
        """Return the constant."""
        return self.octets


@dataclass(frozen=True, slots=True)
class Reserved(Field):
    """Spaces."""

    def read(self, raw: bytes, at: int, flaws: Flaws, /) -> None:
        """Note FLD-RSV unless blank."""
        if raw.strip(b" "):
            self.note("FLD-RSV", at, flaws)

    def write(self, _value: Any, /) -> bytes:
        """Return spaces."""
        return b" " * (self.width or 0)


@dataclass(frozen=True, slots=True)
class Terminator(Field):
    """The carriage return that ends SSRM, SSID and ESID."""

    missing: str = "CMD-LEN/terminator"
    """The rule that a command without it breaks."""

    def read(self, raw: bytes, at: int, flaws: Flaws, /) -> None:
        """Note a line feed, raise FLD-CR on anything else that is no carriage return."""
        if raw == b"\n":
            self.note("FLD-CR/line-feed", at, flaws)
        elif raw not in (b"\x0d", b"\x8d"):
            raise broken("FLD-CR", at, self.name)

    def write(self, _value: Any, /) -> bytes:
        """Return CR."""
        return b"\r"


@dataclass(frozen=True, slots=True)
class Alnum(Field):
    """X(n): characters of the X set, left-justified, padded with spaces; the value has no trailing spaces."""

    blank: str = ""
    """The rule that a blank field breaks; empty if it may be blank."""

    def read(self, raw: bytes, at: int, flaws: Flaws, /) -> str:
        """Return the text; raises FLD-X on octets that no station is known to send."""
        if not _X_SET.match(raw):
            if not _X_SET_SOFT.match(raw):
                raise broken("FLD-X", at, self.name)
            self.note("FLD-X/case", at, flaws)
        text = raw.rstrip(b" ")
        if b" " in text:
            self.note("FLD-XPAD", at, flaws)
        if not text and self.blank:
            self.note(self.blank, at, flaws)
        return text.decode("ascii")

    def write(self, value: Any, /) -> bytes:
        """Return the text padded to the width; what the lenient reader takes can be written again."""
        if not isinstance(value, str) or not value.isascii() or len(value) > (self.width or 0):
            raise self.misfit(f"does not fit into {self.width} characters")
        raw = value.encode("ascii")
        if not _X_SET_SOFT.match(raw):
            raise self.misfit("character outside the X set")
        return raw.ljust(self.width or 0)


@dataclass(frozen=True, slots=True)
class Choice(Field):
    """One character, or a short code, out of a few."""

    values: tuple[str, ...] = ()

    def read(self, raw: bytes, at: int, _flaws: Flaws, /) -> str:
        """Return the code; raises FLD-ENUM."""
        text = raw.decode("latin-1")
        if text not in self.values:
            raise broken("FLD-ENUM", at, self.name)
        return text

    def write(self, value: Any, /) -> bytes:
        """Return the code."""
        if value not in self.values:
            raise self.misfit(f"must be one of {'/'.join(self.values)}")
        return str(value).encode("ascii")


@dataclass(frozen=True, slots=True)
class YesNo(Field):
    """Y or N, as a bool."""

    def read(self, raw: bytes, at: int, _flaws: Flaws, /) -> bool:
        """Return whether it is Y; raises FLD-ENUM."""
        if raw not in (b"Y", b"N"):
            raise broken("FLD-ENUM", at, self.name)
        return raw == b"Y"

    def write(self, value: Any, /) -> bytes:
        """Return Y or N."""
        return b"Y" if value else b"N"


@dataclass(frozen=True, slots=True)
class Number(Field):
    """9(n): decimal digits, padded with zeros; `least` is the smallest value, the width gives the greatest."""

    least: int = 0

    def read(self, raw: bytes, at: int, flaws: Flaws, /) -> int:
        """Return the number; raises FLD-9."""
        if not _DIGITS.match(raw):
            if not _PADDED.match(raw):
                raise broken("FLD-9", at, self.name)
            self.note("FLD-9/left", at, flaws)
        value = int(raw)
        if value < self.least:
            self.note("FLD-RNG", at, flaws)
        return value

    def write(self, value: Any, /) -> bytes:
        """Return the digits."""
        width = self.width or 0
        if not isinstance(value, int) or not self.least <= value < 10**width:
            raise self.misfit(f"must be a number from {self.least} to {10**width - 1}")
        return b"%0*d" % (width, value)


@dataclass(frozen=True, slots=True)
class Code(Number):
    """A number out of a list; one outside it breaks `rule`, which may be a soft one, since lists grow.

    What is no number at all breaks FLD-9 in an open list, and FLD-ENUM too where the RFC enumerates the values.
    """

    values: frozenset[int] = frozenset()
    rule: str = "FLD-ENUM"
    soft: frozenset[int] = frozenset()
    """Where `rule` is hard: values that break `soft_rule` instead."""
    soft_rule: str = ""

    def read(self, raw: bytes, at: int, flaws: Flaws, /) -> int:
        """Return the code."""
        if not _DIGITS.match(raw):
            if self.rule.startswith("FLD-ENUM"):
                self.note("FLD-ENUM", at, flaws)
            raise broken("FLD-9", at, self.name)
        value = int(raw)
        if value in self.values:
            return value
        rule = self.soft_rule if value in self.soft else self.rule
        if rule == "FLD-ENUM":
            raise broken("FLD-ENUM", at, self.name)
        self.note(rule, at, flaws, f"code {value:0{self.width}d} is not known")
        return value


@dataclass(frozen=True, slots=True)
class Date(Field):
    """CCYYMMDD or YYMMDD, kept as text."""

    def read(self, raw: bytes, at: int, flaws: Flaws, /) -> str:
        """Return the digits; raises FLD-9."""
        if not _DIGITS.match(raw):
            raise broken("FLD-9", at, self.name)
        text = raw.decode("ascii")
        if not is_date(text):
            self.note("FLD-DATE", at, flaws)
        return text

    def write(self, value: Any, /) -> bytes:
        """Return the digits."""
        return _written_digits(self, value)


@dataclass(frozen=True, slots=True)
class Time(Field):
    """HHMMSScccc or HHMMSS, kept as text; cccc is a counter from 0001."""

    def read(self, raw: bytes, at: int, flaws: Flaws, /) -> str:
        """Return the digits; raises FLD-9."""
        if not _DIGITS.match(raw):
            raise broken("FLD-9", at, self.name)
        if raw[0:2] > b"23" or raw[2:4] > b"59" or raw[4:6] > b"59":
            self.note("FLD-TIME", at, flaws)
        if raw[6:] == b"0000":
            self.note("FLD-TIMEC", at, flaws)
        return raw.decode("ascii")

    def write(self, value: Any, /) -> bytes:
        """Return the digits."""
        return _written_digits(self, value)


@dataclass(frozen=True, slots=True)
class Count(Field):
    """Octets of the field that follows, in decimal (`binary` False) or as an unsigned big-endian number."""

    binary: bool = False
    least: int = 0

    def read(self, raw: bytes, at: int, flaws: Flaws, /) -> int:
        """Return the count."""
        value = int.from_bytes(raw, "big") if self.binary else Number(self.name, self.width).read(raw, at, flaws)
        if value < self.least:
            self.note("FLD-RNG", at, flaws, f"{value}, must be {self.least} or more")
        return value

    def write(self, value: Any, /) -> bytes:
        """Return the count."""
        width = self.width or 0
        if not self.least <= value <= self.most:
            raise self.misfit(f"{value} octets: must be {self.least} to {self.most}")
        return int(value).to_bytes(width, "big") if self.binary else b"%0*d" % (width, value)

    @property
    def most(self) -> int:
        """The greatest count that the width can hold."""
        width = self.width or 0
        return int(256**width - 1 if self.binary else 10**width - 1)


@dataclass(frozen=True, slots=True)
class Text(Field):
    """T(n): UTF-8, its octets counted by the field before."""

    def read(self, raw: bytes, at: int, flaws: Flaws, /) -> str:
        """Return the text, as `text_of` reads it."""
        text, is_utf8 = text_of(raw)
        if not is_utf8:
            self.note("FLD-UTF8", at, flaws)
        return text

    def write(self, value: Any, /) -> bytes:
        """Return the octets."""
        return str(value).encode("utf-8")


@dataclass(frozen=True, slots=True)
class Octets(Field):
    """U(n): anything, either counted by the field before or of fixed width."""

    def read(self, raw: bytes, _at: int, _flaws: Flaws, /) -> bytes:
        """Return the octets."""
        return raw

    def write(self, value: Any, /) -> bytes:
        """Return the octets."""
        if self.width is not None and len(value) != self.width:
            raise self.misfit(f"must be {self.width} octets")
        return bytes(value)


def text_of(raw: bytes) -> tuple[str, bool]:
    """Return the text in octets, and whether it is UTF-8; else it is read as Latin-1, which real stations send."""
    try:
        return raw.decode("utf-8"), True
    except UnicodeDecodeError:
        return raw.decode("latin-1"), False


def is_date(text: str) -> bool:
    """Return whether the digits CCYYMMDD, or YYMMDD of this century, stand in the calendar."""
    full = text if len(text) == 8 else "20" + text
    try:
        date(int(full[:4]), int(full[4:6]), int(full[6:]))
    except ValueError:
        return False
    return True


def _written_digits(field: Field, value: Any) -> bytes:
    if not isinstance(value, str) or len(value) != field.width or not (value.isascii() and value.isdigit()):
        raise field.misfit(f"must be {field.width} digits")
    return value.encode("ascii")


Layout = tuple[Field, ...]
ByLevel = Callable[[int], Layout]
