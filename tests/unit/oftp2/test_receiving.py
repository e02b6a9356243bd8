import io
from dataclasses import replace

import pytest

from seon.oftp2.commands import EndFile, StartFile
from seon.oftp2.errors import InvalidBufferError, LocalError
from seon.oftp2.reasons import AnswerReason
from seon.oftp2.receiving import Receiving, receipt_for
from seon.oftp2.records import Extent
from seon.oftp2.session_start import Agreement

START = StartFile("ORDERS.EDI", "20260131", "1205070001", "U1", "O0013BOB", "O0013ALICE", "U", 0, 9, restart=5)
AGREED = Agreement(5, 128, 2, compression=False, restart=True, may_send=True, may_receive=True)


def receiving(start: StartFile = START, kept: Extent | None = None) -> Receiving:
    return Receiving(start, io.BytesIO(), kept or Extent(), AGREED)


def test_credit_is_due_when_the_window_is_used_up_and_not_before() -> None:
    file = receiving()
    assert [file.take(b"D\x01A") for _ in range(5)] == [False, True, False, True, False]


def test_a_buffer_above_the_agreed_size_has_no_place() -> None:
    file = receiving()
    file.take(b"D" + b"\0" * 127)
    with pytest.raises(InvalidBufferError, match="DAT-SIZE"):
        file.take(b"D" + b"\0" * 128)


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        (EndFile(0, 2049), None),
        (EndFile(0, 1), None),  # only this transfer's octets: seen in the field
        (EndFile(0, 2048), AnswerReason.OCTET_COUNT),
        (EndFile(1, 2049), AnswerReason.RECORD_COUNT),
    ],
)
def test_counts_are_those_of_the_whole_file(end: EndFile, verdict: AnswerReason | None) -> None:
    file = receiving(kept=Extent(2, 0, 2048))
    file.take(b"D\x81A")
    assert (file.kept_units, file.octets, file.records) == (2, 2049, 0)
    assert file.verdict(end) is verdict


def test_a_secured_file_may_count_its_original_records() -> None:
    file = receiving(replace(START, format="V", record_length=80, security=1, cipher=2, envelope=1))
    file.take(b"D\x81A")
    assert file.verdict(EndFile(77, 1)) is None


def test_no_more_can_be_kept_than_was_offered() -> None:
    with pytest.raises(LocalError):
        receiving(kept=Extent(6, 0, 6144))


def test_a_receipt_travels_back() -> None:
    receipt = receipt_for(START)
    assert (receipt.destination, receipt.originator, receipt.user) == ("O0013ALICE", "O0013BOB", "U1")
