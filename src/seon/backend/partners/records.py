"""Partners as files say them: one record for each, read and written as CSV and as JSON.

CSV is for spreadsheets. Its heading names the columns of COLUMNS, in any order; `id` must be there, and a column that
is missing says nothing of what it holds. Cells with more than one value have them by comma, semicolon or line.
JSON is for programs and for moving: it has all that is set for a partner, and what is exported and imported again is
the same. What is read here was written by people and by other programs: every size is bounded before it is used.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from seon.backend.errors import OperatorError
from seon.config import CertificateName

MAX_OCTETS = 10_000_000
"""Of a file that is imported."""
MAX_LINES = 10_000
"""Partners in a file that is imported, as many as a configuration can have (config.py)."""
COLUMNS = (
    "id", "name", "enabled", "host", "port", "codes", "networks", "notes", "anchors", "odette_ids", "names", "sessions",
    "old_tls", "certificates",
)  # fmt: skip
FORMAT = "seon-partners-1"
"""What a JSON file of partners says it is."""

_MAX_CELL = 1_000_000
_MAX_COLUMNS = 100
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How cells begin that a spreadsheet would calculate: they get an apostrophe, which it does not show."""
_YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(?:(?!-----BEGIN ).)*?-----END CERTIFICATE-----", re.DOTALL)
"""A block ends before the next one begins: else a cell of beginnings alone would take hours."""
_SEMICOLON = re.compile(r"(?<!\\);")
"""One that RFC 4514 does not take for a part of a name."""
_SEPARATORS = re.compile(r"[,;\r\n]")
T = TypeVar("T")


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a file says of one partner; UNSET: nothing, so that it stays as it is."""

    id: str
    name: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    host: str | UnsetType = UNSET
    port: int | UnsetType = UNSET
    codes: tuple[str, ...] | UnsetType = UNSET
    networks: tuple[str, ...] | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    anchors: tuple[str, ...] | UnsetType = UNSET
    """By SHA-256, or by name."""
    odette_ids: tuple[str, ...] | UnsetType = UNSET
    names: tuple[CertificateName, ...] | UnsetType = UNSET
    sessions: int | UnsetType | None = UNSET
    old_tls: bool | UnsetType = UNSET
    certificates: tuple[str, ...] | UnsetType = UNSET
    """PEM, one each."""
    settings: dict[str, str] | UnsetType = UNSET
    """What `seonapi partner get` shows; what is missing here is as in general."""


class Numbered(NamedTuple):
    """A record with its place: the line of a CSV file, or which one it is in a JSON file."""

    number: int
    record: Record


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    partners: tuple[Record, ...]


def read_records(octets: bytes) -> list[Numbered]:
    """Return the records of a CSV or JSON file, which is told by its first character. Raises OperatorError."""
    if len(octets) > MAX_OCTETS:
        raise OperatorError(f"The file has more than {MAX_OCTETS} octets: split it")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OperatorError("The file is not UTF-8: in a spreadsheet, save it as 'CSV UTF-8'") from None
    if "\0" in text:
        raise OperatorError("The file is not text: a CSV or JSON file is expected")
    records = _read_json(text) if text.lstrip()[:1] == "{" else list(_read_csv(text))
    if not records:
        raise OperatorError("There is no partner in the file")
    if len(records) > MAX_LINES:
        raise OperatorError(f"The file has {len(records)} partners; there can be {MAX_LINES}")
    return records


# --- JSON -------------------------------------------------------------------------------------------------------------


def as_json(records: Iterable[Record]) -> dict[str, object]:
    """Return the content of a JSON file."""
    return {"format": FORMAT, "partners": msgspec.to_builtins(list(records))}


def _read_json(text: str) -> list[Numbered]:
    try:
        file = msgspec.json.decode(text, type=_File)
    except (msgspec.DecodeError, RecursionError) as error:
        raise OperatorError(f"The file cannot be read as JSON: {error}") from None
    if file.format != FORMAT:
        raise OperatorError(f"The file's format is {file.format[:40]!r}, and {FORMAT!r} is expected")
    return [Numbered(number, record) for number, record in enumerate(file.partners, 1)]


# --- CSV --------------------------------------------------------------------------------------------------------------


def as_csv(records: Iterable[Record]) -> str:
    """Return a CSV file; what a spreadsheet would take for a formula is guarded."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for record in records:
        writer.writerow(_guarded(_cell(getattr(record, column))) for column in COLUMNS)
    return out.getvalue()


def _cell(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case (CertificateName(), *_):
            names: Sequence[Any] = value
            return "\n".join(f"{one.subject} ; {one.issuer}" for one in names)
        case tuple():
            return "\n".join(value) if any("\n" in one for one in value) else ", ".join(value)
        case msgspec.UnsetType() | None:
            return ""
    return str(value)


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith((*_FORMULA, "'")) else cell


def _read_csv(text: str) -> Iterator[Numbered]:
    first, _, rest = text.partition("\n")
    begun = 0
    if first.strip().lower() in ("sep=;", "sep=,"):  # a line that spreadsheets understand and write
        text, begun = rest, 1
        first = rest.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(first), strict=True)
    limit = csv.field_size_limit(_MAX_CELL)
    try:
        columns = _columns(next(reader, []))
        number = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Numbered(number + begun, _record(columns, cells, number + begun))
            number = reader.line_num + 1
    except csv.Error as error:
        raise OperatorError(f"Line {reader.line_num + begun}: this is no CSV ({error})") from None
    finally:
        csv.field_size_limit(limit)


def _separator(heading: str) -> str:
    return ";" if heading.count(";") > heading.count(",") else ","


def _columns(heading: Sequence[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in heading]
    while columns and not columns[-1]:
        columns.pop()
    if len(columns) > _MAX_COLUMNS:
        raise OperatorError(f"The first line has {len(columns)} cells; there can be {_MAX_COLUMNS}")
    unknown = [column for column in columns if column not in COLUMNS]
    twice = [column for column in columns if columns.count(column) > 1]
    there_are = f"the columns are: {', '.join(COLUMNS)}, with comma or semicolon between them"
    if unknown or twice:
        word = "There is no column" if unknown else "Twice there is the column"
        raise OperatorError(f"{word} {(unknown or twice)[0][:80]!r}; {there_are}")
    if "id" not in columns:
        raise OperatorError(f"The first line must name the columns, and 'id' among them; {there_are}")
    return columns


def _record(columns: Sequence[str], cells: Sequence[str], number: int) -> Record:
    if any(cell.strip() for cell in cells[len(columns) :]) or len(cells) < len(columns):
        raise OperatorError(f"Line {number} has {len(cells)} cells, and the heading {len(columns)}")
    values = dict(zip(columns, map(_unguarded, cells), strict=False))
    return Record(
        id=values["id"].strip(),
        name=_said(values, "name", str.strip),
        enabled=_said(values, "enabled", lambda cell: _yes_or_no(cell, "enabled", number)),
        host=_said(values, "host", str.strip),
        port=_said(values, "port", lambda cell: _number(cell, "port", 65_535, number)),
        codes=_said(values, "codes", _several),
        networks=_said(values, "networks", _several),
        notes=_said(values, "notes", lambda cell: cell.replace("\r\n", "\n")),
        anchors=_said(values, "anchors", _several),
        odette_ids=_said(values, "odette_ids", _several),
        names=_said(values, "names", lambda cell: _names(cell, number)),
        sessions=_said(values, "sessions", lambda cell: _sessions(cell, number)),
        old_tls=_said(values, "old_tls", lambda cell: _yes_or_no(cell, "old_tls", number)),
        certificates=_said(values, "certificates", lambda cell: _certificates(cell, number)),
    )


def _said(values: Mapping[str, str], column: str, read: Callable[[str], T]) -> T | UnsetType:
    return read(values[column]) if column in values else UNSET


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part for part in map(str.strip, _SEPARATORS.split(cell)) if part)


def _yes_or_no(cell: str, column: str, number: int) -> bool | UnsetType:
    word = cell.strip().lower()
    if word and word not in _YES_OR_NO:
        raise OperatorError(f"Line {number}: {column} is yes or no, not {cell[:40]!r}")
    return _YES_OR_NO[word] if word else UNSET


def _number(cell: str, column: str, most: int, number: int) -> int | UnsetType:
    digits = cell.strip()
    if digits and not re.fullmatch("[0-9]{1,5}", digits):
        raise OperatorError(f"Line {number}: {column} is a number from 1 to {most}, not {cell[:40]!r}")
    return int(digits) if digits else UNSET


def _sessions(cell: str, number: int) -> int | None:
    found = _number(cell, "sessions", 10_000, number)
    return None if isinstance(found, UnsetType) else found


def _names(cell: str, number: int) -> tuple[CertificateName, ...]:
    found = []
    for line in filter(None, map(str.strip, cell.splitlines())):
        parts = [part.strip() for part in _SEMICOLON.split(line)]
        if len(parts) != 2 or not all(parts):
            raise OperatorError(f"Line {number}: each line of names is SUBJECT ; ISSUER, not {line[:80]!r}")
        found.append(CertificateName(issuer=parts[1], subject=parts[0]))
    return tuple(found)


def _certificates(cell: str, number: int) -> tuple[str, ...]:
    found = tuple(f"{pem}\n" for pem in _PEM.findall(cell))
    if _PEM.sub("", cell).strip():
        raise OperatorError(f"Line {number}: certificates are PEM, from -----BEGIN CERTIFICATE----- on")
    return found
