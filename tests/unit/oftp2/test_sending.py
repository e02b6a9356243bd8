import io
from dataclasses import replace

import pytest

from seon.oftp2.commands import EndFile, StartFile
from seon.oftp2.errors import LocalError
from seon.oftp2.reasons import NegativeReason
from seon.oftp2.receiving import negative_receipt_for, receipt_for
from seon.oftp2.sending import OutgoingFile, Sending, layout_of, receipt_at, start_at
from seon.oftp2.session_start import Agreement

START = StartFile(
    "ORDERS.EDI", "20260131", "1205070001", "", "O0013BOB", "O0013ALICE", "U", 0, 10**7, 10**7, 10**9, description="für"
)
AGREED = Agreement(5, 128, 2, compression=False, restart=True, may_send=True, may_receive=True)


def test_a_start_keeps_only_what_its_level_has() -> None:
    assert start_at(START, AGREED) == START
    at_4 = start_at(START, replace(AGREED, level=4))
    assert (at_4.date, at_4.time, at_4.description) == ("20260131", "1205070001", "")
    assert (at_4.size_k, at_4.original_size_k, at_4.restart) == (9_999_999, 0, 999_999_999)
    at_2 = start_at(START, replace(AGREED, level=2, restart=False))
    assert (at_2.date, at_2.time, at_2.restart) == ("260131", "120507", 0)


def test_file_services_need_level_5() -> None:
    with pytest.raises(LocalError, match="level 5"):
        start_at(replace(START, security=1, cipher=2, envelope=1), replace(AGREED, level=4))


@pytest.mark.parametrize("change", [{"security": 2}, {"compression": 1}, {"envelope": 1}])
def test_a_secured_file_is_a_stream_whatever_it_was(change: dict[str, int]) -> None:
    start = replace(START, format="V", record_length=80)
    assert layout_of(start).format == "V"
    assert layout_of(replace(start, **change)).format == "U"


def test_receipts_keep_only_what_their_level_has() -> None:
    signed = replace(receipt_for(START), hash=b"h", signature=b"s")
    assert receipt_at(signed, 5) == signed
    assert receipt_at(signed, 2) == replace(receipt_for(START), date="260131", time="120507")
    nerp = negative_receipt_for(START, NegativeReason.NOT_DELIVERED, "O0013BOB", "gone")
    assert receipt_at(nerp, 4) == replace(nerp, text="")
    with pytest.raises(LocalError):
        receipt_at(nerp, 2)


def test_counts_after_a_restart_are_those_of_the_whole_file() -> None:
    start = replace(START, format="F", record_length=10, restart=3)
    sending = Sending(OutgoingFile(start, io.BytesIO(b"x" * 50)), AGREED)
    sending.begin(3)
    assert sending.next_buffer() == b"D" + (b"\x8a" + b"x" * 10) * 2
    assert sending.next_buffer() is None
    assert sending.end() == EndFile(5, 50)


def test_fixed_records_need_a_length() -> None:
    with pytest.raises(LocalError, match="record length"):
        OutgoingFile(replace(START, format="F"), io.BytesIO())
