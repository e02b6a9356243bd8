"""What the verifier saw, as events: each with the fields of its kind, and never with a password."""

import pytest

from seon.oftp2 import happenings as h
from seon.oftp2.happenings import Side
from seon.oftp2.inspection import Finding, Inspection, Refusal, Surplus
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import Severity
from seon.session.reporter import SessionReporter

ONE, TWO = Side.INITIATOR, Side.RESPONDER
FILE = {"name": "NAME", "date": "20260131", "time": "2359580001"}
WAY = {"destination": "ONE", "originator": "TWO"}
AGREED = h.SessionAgreed("ONE", "TWO", 5, 4_096, 20, compression=True, restart=False, authentication=False)


def offered(sender: Side) -> h.FileOffered:
    return h.FileOffered(
        sender=sender,
        **FILE,
        destination="TWO",
        originator="ONE",
        format="U",
        record_length=0,
        size_k=7,
        restart=0,
        security=0,
        cipher=0,
        compression=0,
        envelope=0,
        signed_receipt=False,
    )


CALL = {"direction": "incoming", "source": "192.0.2.1:5", "target": "192.0.2.9:6619"}


@pytest.fixture
def reporter(reported):
    return SessionReporter(reported, "P1", ONE, whole=True, call=CALL)


def see(reporter: SessionReporter, *events: object) -> None:
    reporter.inspection(Inspection(happenings=events))


@pytest.mark.parametrize(("sender", "direction"), [(ONE, "incoming"), (TWO, "outgoing")])
def test_a_file_is_reported_with_its_direction_seen_from_the_company(reporter, reported, sender, direction) -> None:
    see(reporter, offered(sender), h.FileStarted(0))
    see(reporter, h.FileEnded(**FILE, octets=7_000, records=3, accepted=True))
    assert reported.codes == ["FIL-START", "FIL-END"]
    assert reported.of("FIL-START")["direction"] == reported.of("FIL-END")["direction"] == direction
    assert reported.of("FIL-START")["size_k"] == 7
    end = reported.of("FIL-END")
    assert (end["result"], end["octets"], end["records"]) == ("accepted", 7_000, 3)
    assert reporter.files == 1


def test_a_file_refused_before_its_data_ends_too(reporter, reported) -> None:
    see(reporter, offered(ONE), h.FileRefused(**FILE, reason=2, text="no space", retry=True))
    end = reported.of("FIL-END")
    assert (end["result"], end["octets"]) == (
        "refused before its data: 02 invalid destination: no space; may be sent again", 0,
    )  # fmt: skip
    assert reporter.files == 0


def test_a_file_refused_at_its_end_does_not_count(reporter, reported) -> None:
    see(reporter, offered(ONE), h.FileEnded(**FILE, octets=1, records=0, accepted=False, reason=11, text=""))
    assert reported.of("FIL-END")["result"] == "refused at its end: 11 invalid byte count"
    assert reporter.files == 0


@pytest.mark.parametrize(
    ("kind", "reason", "result"),
    [("EERP", 0, "delivered"), ("NERP", 34, "not delivered: 34 file processing failed: disk")],
)
def test_a_receipt_is_reported(reporter, reported, kind, reason, result) -> None:
    see(reporter, h.ReceiptPassed(kind, TWO, **FILE, **WAY, signed=True, reason=reason, text="disk", creator="HUB"))
    assert reported.of("FIL-RECEIPT").items() >= {**WAY, "signed": True, "creator": "HUB"}.items()
    assert reported.of("FIL-RECEIPT")["result"] == result
    assert reported.of("FIL-RECEIPT")["direction"] == "outgoing"


def test_a_refusal_and_a_finding_name_rule_side_and_place(reporter, reported) -> None:
    finding = Finding("FLD-CR/line-feed", Severity.WARN, ONE, 4, 9, "text", "SFIDRSV1", '"x" 00 "y"')
    refusal = Refusal("CMD-ID", EndReason.COMMAND_NOT_RECOGNISED, TWO, 5, 0, "what", b"wire", "", '"z"')
    reporter.inspection(Inspection(findings=(finding,), refusal=refusal))
    assert reported.codes == ["SES-FINDING", "SES-REFUSED"]
    assert reported.of("SES-REFUSED") == {
        "partner": "P1", "rule": "CMD-ID", "key": "CMD-ID", "side": "RESPONDER", "stb": 5, "offset": 0, "text": "what",
        "field": "-", "seen": '"z"', **CALL,
    }  # fmt: skip
    assert reported.of("SES-FINDING") == {
        "partner": "P1", "rule": "FLD-CR", "key": "FLD-CR/line-feed", "side": "INITIATOR", "stb": 4, "offset": 9,
        "text": "text", "field": "SFIDRSV1", "seen": '"x" 00 "y"',
    }  # fmt: skip


def test_findings_that_were_counted_only_are_told_at_the_end(reporter, reported) -> None:
    reporter.surplus([Surplus("DAT-EOR/text", ONE, 510)])
    assert reported.of("SES-MORE") == {
        "partner": "P1", "rule": "DAT-EOR", "key": "DAT-EOR/text", "side": "INITIATOR", "count": 510,
    }  # fmt: skip


def test_a_declined_file_begins_and_ends_in_the_journal(reporter, reported) -> None:
    see(reporter, offered(ONE), h.FileDeclined(**FILE, rule="POL-NAME"))
    assert reported.codes == ["FIL-START", "FIL-END"]
    assert (reported.of("FIL-END")["result"], reported.of("FIL-END")["octets"]) == ("declined by rule POL-NAME", 0)
    assert reporter.files == 0


def test_lines_sent_as_records_are_told_at_the_end_of_the_file(reporter, reported) -> None:
    see(reporter, offered(ONE), h.FileEnded(**FILE, octets=9, records=0, accepted=True, as_lines=True))
    assert reported.of("FIL-END")["result"] == "accepted; lines sent as records"


def test_a_session_that_brings_nothing_is_told_by_the_inside(reporter, reported) -> None:
    see(reporter, h.NothingMoved(2_000))
    assert reported.of("SES-NOCONTENT") == {"partner": "P1", "exchanges": 2_000}


def test_a_file_that_the_end_of_the_session_broke_off_is_told_with_its_octets(reporter, reported) -> None:
    see(reporter, offered(ONE), h.FileStarted(7))
    reporter.broken_off(None)
    assert reported.codes == ["FIL-START"]
    reporter.broken_off(h.FileBrokenOff(**FILE, octets=5, records=1))
    end = reported.of("FIL-END")
    assert (end["result"], end["octets"], end["restart"]) == ("broken off by the end of the session", 5, 7)
    assert reporter.files == 0


def test_the_dmz_reports_findings_and_refusals_but_no_files(reported) -> None:
    """The inside's word on files counts (docs/design.md §9): the same session is not told twice."""
    reporter = SessionReporter(reported, "P1", ONE, whole=False, call=CALL)
    see(reporter, AGREED, offered(ONE), h.FileEnded(**FILE, octets=1, records=0, accepted=True),
        h.FileRefused(**FILE, reason=2, text="", retry=False), h.FileDeclined(**FILE, rule="POL-NAME"),
        h.NothingMoved(1_000),
        h.ReceiptPassed("EERP", TWO, **FILE, **WAY, signed=False))  # fmt: skip
    assert reported.codes == []
    assert reporter.files == 1, "but its own end counts them"


def test_what_was_agreed_is_reported_without_any_password(reporter, reported) -> None:
    see(reporter, AGREED)
    assert set(reported.of("SES-AGREED")) == {"initiator", "responder", "level", "buffer", "credit", "compression",
                                              "restart", "authentication"}  # fmt: skip


def test_no_happening_has_a_field_for_a_password() -> None:
    kinds = h.Happening.__args__
    names = {name for kind in kinds for name in kind.__dataclass_fields__}
    assert not {name for name in names if "pass" in name or "pswd" in name or "challenge" in name}


def test_every_happening_has_its_handler() -> None:
    from seon.session import reporter

    elsewhere = {h.SessionEnded}  # what ended the session is the affair of session.truth
    assert set(h.Happening.__args__) - set(reporter._HANDLERS) == elsewhere
