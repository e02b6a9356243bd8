"""`seon oftp2 decode`: stream buffers or one exchange buffer, explained field by field."""

from seon.cli.oftp2.narration import MARKS
from seon.cli.oftp2.screen import Screen, columns
from seon.events import shown
from seon.oftp2.errors import Flaw
from seon.oftp2.explain import MASK, Explanation, Row, explain
from seon.oftp2.framing import HEADER, LENGTH_MASK, header_fault
from seon.oftp2.layouts import LEVELS
from seon.oftp2.rules import RULES, Policy
from seon.session.words import brief

HEX_WIDTH = 32
"""Digits in one line of a table; 16 octets."""
MAX_HEX_LINES = 4
VALUE_WIDTH = 30
_VERSION_SHIFT, _FLAGS_SHIFT, _NIBBLE = 28, 24, 0xF
_SSID = "SSID"
_POLICY = Policy.named("default")


def looks_bare(octets: bytes) -> bool:
    """Whether octets start with a command, not with a stream header, whose version 1 no command octet has."""
    return octets[0] >> 4 != 1


class Decoder:
    """Prints what octets mean. `level` None: the highest, or the lowest that an SSID among them shows."""

    def __init__(self, level: int | None, *, show_secrets: bool) -> None:
        self._screen = Screen()
        self._level = level or max(LEVELS)
        self._follows = level is None
        self._show_secrets = show_secrets
        self.readable = True
        """Whether every buffer could be read."""

    def exchange_buffer(self, oeb: bytes, title: str = "Exchange buffer") -> None:
        """Explain one exchange buffer."""
        self._show(title, [], explain(oeb, self._level, show_secrets=self._show_secrets))

    def stream(self, octets: bytes) -> None:
        """Explain stream buffers, one behind the other, up to one whose end cannot be found."""
        at, number = 0, 1
        while at < len(octets):
            title = f"Stream buffer {number} at octet {at}"
            raw = octets[at : at + HEADER]
            header = int.from_bytes(raw, "big")
            fault = header_fault(header) if len(raw) == HEADER else "STH-EOF"
            length = header & LENGTH_MASK
            stb = octets[at : at + length]
            if fault and fault != "STH-FLG":
                self._stop(title, raw, fault, len(octets) - at)
                return
            flaws = [_flaw(fault)] if fault else []
            if len(stb) < length:
                flaws.append(_flaw("STH-EOF", f"{len(stb)} of {length} octets are there"))
            self.readable = self.readable and len(stb) == length
            remark = f"version {header >> _VERSION_SHIFT}, flags {header >> _FLAGS_SHIFT & _NIBBLE}"
            row = Row(0, HEADER, "STH", raw.hex(), f"length {length}", remark, tuple(flaws))
            told = explain(stb[HEADER:], self._level, show_secrets=self._show_secrets)
            self._show(title, [row], told)
            at, number = at + length, number + 1
            if at < len(octets) and told.open_secret:
                rest = f"{len(octets) - at} octets more are not shown"
                self._screen.print(f"{rest}: a secret may go on in them (--show-secrets shows all)")
                return

    def _show(self, title: str, header: list[Row], told: Explanation) -> None:
        self.readable = self.readable and told.readable
        if self._follows and told.name == _SSID:
            self._level = min(self._level, told.level)
        size = max((row.offset + row.length for row in told.rows), default=0)
        name = f"{told.name}, {told.title}" if told.name else told.title
        self._screen.print(f"{title}: {name}, {size} octets, read by level {told.level}", "title")
        self._print_flaws(told.flaws)
        self._table([*header, *told.rows], len(header))
        self._screen.print()

    def _stop(self, title: str, header: bytes, fault: str, rest: int) -> None:
        self.readable = False
        self._screen.print(f"{title}: {rest} octets that cannot be read", "title")
        self._table([Row(0, len(header), "STH", header.hex(), flaws=(_flaw(fault),))], 1)

    def _table(self, rows: list[Row], headers: int) -> None:
        """Print rows; the offsets of all but the first `headers` are those of the exchange buffer."""
        cells = [["offset", "length", "field", "hex", "value", "meaning"]]
        for number, row in enumerate(rows):
            offset = "-" if number < headers else str(row.offset)
            cells.append([offset, str(row.length), row.field or "-", _hex(row), brief(row.value), brief(row.remark)])
        widths = [max(columns(line[n]) for line in cells) for n in range(5)]
        widths[3], widths[4] = min(widths[3], HEX_WIDTH), min(widths[4], VALUE_WIDTH)
        notes = [[], *([self._note(flaw) for flaw in row.flaws] for row in rows)]
        self._screen.table(zip(cells, notes, strict=True), widths)

    def _print_flaws(self, flaws: tuple[Flaw, ...]) -> None:
        for flaw in flaws:
            self._screen.row("  ", *self._note(flaw))

    @staticmethod
    def _note(flaw: Flaw) -> tuple[str, str]:
        severity = _POLICY.severity(flaw.rule).value
        return f"{MARKS[severity]} {severity} {flaw.rule}, offset {flaw.offset}: {shown(flaw.text)}", severity


def _flaw(rule: str, text: str = "") -> Flaw:
    return Flaw(rule, 0, "STH", text or RULES[rule].meaning)


def _hex(row: Row) -> str:
    """Return a row's octets in hex, as much as a table has room for; what it stands for stays countable by length."""
    most = HEX_WIDTH * MAX_HEX_LINES
    if row.octets == MASK or len(row.octets) <= most:
        return row.octets
    return row.octets[: most - 3] + "..."
