import hashlib
import io
from dataclasses import replace

import pytest

from seon.oftp2.codec import encode
from seon.oftp2.commands import StartFile
from seon.oftp2.errors import LocalError
from seon.oftp2.reasons import NegativeReason
from seon.oftp2.receiving import negative_receipt_for, receipt_for
from seon.oftp2.records import RecordLayout
from seon.oftp2.signed_receipts import DIGESTS, file_hash, signed_octets

START = StartFile("ORDERS.EDI", "20260131", "1205070001", "USER", "O0013BOB", "O0013ALICE", "U", 0, 4)
HASH = bytes(range(32))
EERP = replace(receipt_for(START), hash=HASH, signature=b"not signed itself")
NERP = replace(
    negative_receipt_for(START, NegativeReason.NOT_DELIVERED, "O0013CAROL", "gone"), hash=HASH, signature=b"s"
)
COMMON = (
    b"ORDERS.EDI".ljust(26) + b"20260131" + b"1205070001" + b"O0013ALICE".ljust(25) + b"O0013BOB".ljust(25)
)  # RFC 5024 5.3.13: DSN, DATE, TIME, DEST, ORIG


def test_of_an_eerp_its_names_moment_ends_and_hash_are_signed() -> None:
    assert signed_octets(EERP) == COMMON + HASH
    assert len(COMMON) == 26 + 8 + 10 + 25 + 25


def test_of_a_nerp_its_creator_too_and_its_reason_not() -> None:
    assert signed_octets(NERP) == COMMON + b"O0013CAROL".ljust(25) + HASH


@pytest.mark.parametrize("change", [{"signature": b""}, {"user": "OTHER"}])
def test_what_is_not_signed_does_not_count(change: dict[str, object]) -> None:
    assert signed_octets(replace(EERP, **change)) == signed_octets(EERP)


@pytest.mark.parametrize(
    "change", [{"name": "X"}, {"date": "20260201"}, {"time": "1205070002"}, {"destination": "X"}, {"originator": "X"},
               {"hash": HASH[::-1]}],
)  # fmt: skip
def test_what_is_signed_counts(change: dict[str, object]) -> None:
    assert signed_octets(replace(EERP, **change)) != signed_octets(EERP)


def test_the_octets_are_those_that_are_sent() -> None:
    sent = encode(EERP, 5)
    assert signed_octets(EERP) == sent[1:27] + sent[30:48] + sent[56:106] + sent[108 : 108 + len(HASH)]


def test_a_receipt_that_cannot_be_sent_is_not_signed() -> None:
    with pytest.raises(LocalError):
        signed_octets(replace(EERP, name="no such name!"))


@pytest.mark.parametrize(("suite", "octets"), [(1, 20), (2, 20), (3, 32), (4, 32), (5, 64), (6, 64)])
def test_the_suite_says_which_hash(suite: int, octets: int) -> None:
    digest = file_hash(io.BytesIO(b"content"), RecordLayout("U"), suite)
    assert digest == hashlib.new(DIGESTS[suite], b"content").digest()
    assert len(digest) == octets


def test_an_unknown_suite_has_no_hash() -> None:
    with pytest.raises(LocalError, match="99"):
        file_hash(io.BytesIO(), RecordLayout("U"), 99)


@pytest.mark.parametrize(
    ("layout", "local"),
    [
        (RecordLayout("U"), b"abcdef"),
        (RecordLayout("T"), b"abcdef"),
        (RecordLayout("F", 2), b"abcdef"),
        (RecordLayout("V", 9), b"\0\x02ab\0\0\0\x04cdef"),
    ],
)
def test_the_hash_is_of_what_is_transmitted_wherever_the_file_stands(layout: RecordLayout, local: bytes) -> None:
    source = io.BytesIO(local)
    source.read(3)
    assert file_hash(source, layout, 4) == hashlib.sha256(b"abcdef").digest()
