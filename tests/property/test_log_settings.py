"""Whatever stands in a settings file of the log: it is understood or refused, soon, and nothing else happens."""

import time
from encodings.aliases import aliases
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from seon.daemon.writing.elements import MAX_OCTETS
from seon.daemon.writing.reader import MAX_WARNINGS, read
from seon.daemon.writing.router import routes
from seon.daemon.writing.settings import SettingsError
from seon.process.levels import CATEGORIES, Level
from vectors.logrc.telling import PROGRAM

FILES = [path.read_bytes() for path in sorted((Path(next(iter(vectors.__path__))) / "logrc").glob("*.logrc"))]
PIECES = [
    b"<log4c>", b"</log4c>", b"<category ", b"name=", b'"root"', b"'", b"/>", b">", b"<!--", b"-->", b"<![CDATA[",
    b"]]>", b"<!DOCTYPE a [", b"<!ENTITY x ", b"]>", b"&x;", b"&#0;", b"&#x110000;",
    b"<?xml version='1.0' encoding='", b"?>",
    b"utf-7", b"idna", b"zlib", b"utf-16", b"cp037", b"punycode", b"%x;", b"\0", b"\xff", b"\xef\xbb\xbf",
    b"xmlns:a='b' a:",    b"priority='", b"maxsize='9999999999999GB'", b"maxnum='\xd9\xa3'", b"{}", b"additivity=",
]  # fmt: skip


def judge(octets: bytes) -> None:
    """Read it; what was understood must be whole."""
    started = time.process_time()
    try:
        reading = read(octets, PROGRAM)
    except SettingsError as refused:
        place = refused
    else:
        place = None
    if place:
        assert place.text
        assert min(place.line, place.column) >= 0
    else:
        found = routes(reading.settings)
        assert set(found) == set(CATEGORIES)
        assert all(isinstance(route.level, Level) for route in found.values())
        assert all(name for route in found.values() for name in route.appenders)
        assert len(reading.warnings) <= MAX_WARNINGS + 1
    assert time.process_time() - started < 2


@given(st.binary(max_size=2_000))
def test_random_octets_are_refused(octets: bytes) -> None:
    judge(octets)


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=60).map(b"".join))
def test_pieces_of_xml_in_any_order_are_read_or_refused(octets: bytes) -> None:
    judge(octets)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_read_or_refused(seed: int) -> None:
    random = Random(seed)
    for _ in range(400):
        octets = bytearray(random.choice(FILES))
        for _ in range(random.randint(1, 6)):
            place = random.randint(0, len(octets))
            match random.randrange(4):
                case 0:
                    octets[place:place] = random.choice(PIECES)
                case 1:
                    del octets[place : place + random.randint(1, 20)]
                case 2:
                    other = random.choice(FILES)
                    start = random.randint(0, len(other))
                    octets[place:place] = other[start : start + random.randint(1, 200)]
                case 3 if place < len(octets):
                    octets[place] = random.randrange(256)
        judge(bytes(octets))


@pytest.mark.parametrize(
    "octets",
    [
        b"<log4c>" + b"<a>" * 80_000,
        b"<" * MAX_OCTETS,
        b"<log4c a='" + b"&#65;" * 50_000 + b"'/>",
        b"<log4c>" + b"<category name='x'/>" * 10_000,
        b"<log4c " + b" ".join(b"a%d=''" % number for number in range(25_000)) + b"/>",
        b"<!DOCTYPE a ["
        + b"<!ATTLIST log4c "
        + b" ".join(b"a%d CDATA 'x'" % n for n in range(10_000))
        + b">]><log4c/>",
        b"<!DOCTYPE a SYSTEM '" + b"<![CDATA[" * 25_000 + b"'><log4c/>",
        b"<!--" + b"- " * 120_000 + b"--><log4c/>",
        b"<log4c>" + b"<!---->" * 30_000 + b"</log4c>",
        b"<log4c>" + b"<category name='root' priority='x'/>" * 1_900 + b"</log4c>",
    ],
    ids=lambda octets: octets[:20].decode(),
)
def test_what_is_made_to_cost_time_costs_little(octets: bytes) -> None:
    judge(octets)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "encoding", sorted({*aliases.values(), "idna", "punycode", "undefined", "unicode_escape", "x"})
)
def test_a_file_in_any_encoding_that_python_knows_is_read_or_refused(encoding) -> None:
    judge(f"<?xml version='1.0' encoding='{encoding}'?><log4c><!-- \xfc --></log4c>".encode("latin-1"))
    judge(f"<?xml version='1.0' encoding='{encoding.replace('_', '-')}'?><log4c/>".encode())
