import time

import msgspec
import pytest
from msgspec import UNSET

import certificates
from seon.backend.errors import OperatorError
from seon.backend.partners import records as module
from seon.backend.partners.records import COLUMNS, FORMAT, Record, as_csv, as_json, read_records
from seon.config import CertificateName

PEM = certificates.make("Acme").pem
OTHER = certificates.make("Other").pem
FULL = Record(
    id="acme", name="Acme; Söhne, \"GmbH\"", enabled=False, host="acme.example", port=7_000, codes=("O1", "O2"),
    networks=("192.0.2.0/24",), notes="first\nsecond", anchors=("ab" * 32, "Some CA"), odette_ids=("O0013 A",),
    names=(CertificateName(issuer="CN=CA,O=x", subject=r"CN=Acme\; Co,O=y"),), sessions=3, old_tls=True,
    certificates=(PEM, OTHER),
)  # fmt: skip


def read(text: str) -> list[Record]:
    return [one.record for one in read_records(text.encode())]


def test_csv_is_read_as_it_was_written() -> None:
    assert read(as_csv([FULL])) == [FULL]


def test_json_is_read_as_it_was_written_with_all_settings() -> None:
    full = msgspec.structs.replace(FULL, settings={"trace": "yes", "rules.FLD-XPAD": "warn"})
    octets = msgspec.json.encode(as_json([full, Record(id="P2")]))
    assert [one.record for one in read_records(octets)] == [full, Record(id="P2")]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["without mark", "with mark"])
@pytest.mark.parametrize(("separator", "end"), [(",", "\n"), (";", "\r\n")])
@pytest.mark.parametrize("first", ["", "sep={}"])
def test_csv_is_read_as_spreadsheets_write_it(mark: bytes, separator: str, end: str, first: str) -> None:
    heading, row = ("ID", "Name ", "codes"), ("P1", "Größe", '"O1;O2,O3"')
    lines = [*([first.format(separator)] if first else []), separator.join(heading), separator.join(row), separator * 2]
    (found,) = read_records(mark + end.join(lines).encode())
    assert found.record == Record(id="P1", name="Größe", codes=("O1", "O2", "O3"))
    assert found.number == (3 if first else 2)


def test_a_column_that_is_missing_says_nothing_and_an_empty_cell_says_none() -> None:
    assert read("id\nP1\n") == [Record(id="P1")]
    (found,) = read(f"{','.join(COLUMNS)}\nP1{',' * (len(COLUMNS) - 1)}\n")
    assert (found.codes, found.networks, found.certificates, found.host) == ((), (), (), "")
    assert (found.enabled, found.port, found.old_tls) == (UNSET, UNSET, UNSET)
    assert (found.anchors, found.odette_ids, found.names, found.sessions) == ((), (), (), None)


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [("names", "CN=Acme", "each line of names is SUBJECT ; ISSUER"), ("names", "a;b;c", "SUBJECT ; ISSUER"),
     ("sessions", "many", "sessions is a number from 1 to 10000"), ("old_tls", "perhaps", "old_tls is yes or no")],
)  # fmt: skip
def test_a_cell_about_admission_that_cannot_be_is_refused_with_its_line(column: str, cell: str, told: str) -> None:
    with pytest.raises(OperatorError, match=f"Line 2: .*{told}"):
        read(f'id,{column}\nP1,"{cell}"\n')


@pytest.mark.parametrize("text", ["=1+1", "+49 7", "-1", "@SUM(A1)", "\tx", "'quoted'", "'=x", "plain"])
def test_what_a_spreadsheet_would_calculate_is_guarded_and_read_back(text: str) -> None:
    written = as_csv([Record(id="P1", notes=text)])
    cell = next(row for row in module.csv.reader(written.splitlines()[1:]))[COLUMNS.index("notes")]
    assert cell[0] not in "=+-@\t"
    assert read(written)[0].notes == text


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "The first line must name the columns"),
        (b"id\n\n\n", "no partner"),
        (b"name\nOne\n", "'id' among them"),
        (b"id,colour\nP1,red\n", "no column 'colour'; the columns are: id, name"),
        (b"id,id\nP1,P1\n", "Twice there is the column 'id'"),
        (b"id,name\nP1\n", "Line 2 has 1 cells, and the heading 2"),
        (b"id\nP1,x\n", "Line 2 has 2 cells"),
        (b'id\nP0\n"P1\n', "Line 3: this is no CSV"),
        (b"id,port\nP1,many\n", "Line 2: port is a number"),
        (b"id,enabled\nP1,perhaps\n", "Line 2: enabled is yes or no"),
        (b"id,certificates\nP1,nonsense\n", "Line 2: certificates are PEM"),
        ("id\nGröße\n".encode("utf-16"), "not UTF-8"),
        ("id\nGröße\n".encode("latin-1"), "not UTF-8"),
        (b"id\nP\x001\n", "not text"),
        (b"{", "cannot be read as JSON"),
        (b'{"format": "x", "partners": []}', "format is 'x'"),
        (b'{"format": "seon-partners-1", "partners": [{"id": 1}]}', r"partners\[0\]\.id|partners\[...\]\.id"),
        (b'{"format": "seon-partners-1", "partners": [{"id": "P1", "colour": "red"}]}', "colour"),
        (b"{" + b'"a":[' * 100_000, "cannot be read as JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(octets: bytes, told: str) -> None:
    with pytest.raises(OperatorError, match=told):
        read_records(octets)


def test_too_much_is_refused() -> None:
    with pytest.raises(OperatorError, match="10001 partners; there can be 10000"):
        read_records(b"id\n" + b"".join(b"P%d\n" % number for number in range(10_001)))
    with pytest.raises(OperatorError, match="more than 10000000 octets"):
        read_records(bytes(10_000_001))
    with pytest.raises(OperatorError, match="no CSV"):
        read_records(b"id,notes\nP1," + b"x" * 1_000_001)


def test_a_json_file_says_what_it_is() -> None:
    assert as_json([])["format"] == FORMAT


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"id," + b"name," * 1_000_000, "The first line has 1000001 cells; there can be 100"),
        (b"id,certificates\nP1," + b"-----BEGIN CERTIFICATE-----" * 35_000, "^Line 2: certificates are PEM"),
    ],
)
def test_a_file_made_to_keep_us_busy_is_refused_within_seconds(octets: bytes, told: str) -> None:
    began = time.process_time()
    with pytest.raises(OperatorError, match=told):
        read_records(octets)
    assert time.process_time() - began < 10  # it took hours, and minutes
