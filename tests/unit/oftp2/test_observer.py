"""The verifier as its caller sees it: what it lets through, discards, finds and refuses; told as in plays.py."""

import re
from dataclasses import replace

import pytest

from seon.oftp2 import commands as c
from seon.oftp2.codec import decode, encode
from seon.oftp2.demands import Demands
from seon.oftp2.framing import MAX_OEB, frame
from seon.oftp2.happenings import FileEnded, NothingMoved, Side
from seon.oftp2.inspection import Inspection, Surplus
from seon.oftp2.judge import MAX_FINDINGS
from seon.oftp2.observer import SessionObserver
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import RULES, Policy, Profile, Severity
from unit.oftp2.plays import COMMANDS, DATA, ONE, SSID, START, TWO, Play


def test_nothing_of_a_session_s_secrets_is_reported() -> None:
    chain = "I:SECD R:AUCH I:AURP R:SECD I:AUCH R:AURP"
    play = Play(Policy()).run(f"{START} {chain} I:CD R:ESID", authentication=True)
    assert len(play.happenings) == 2
    assert not re.search("SECRETPW|CHALLENGE|rrrr", repr(play.seen))


def test_a_finding_shows_what_was_seen_and_where() -> None:
    play = Play(Policy()).run(START)
    sfid = bytearray(frame(encode(COMMANDS["SFID"], 5)))
    sfid[4 + 27 : 4 + 30] = b"\\\x1b\n"  # SFIDRSV1
    (finding,) = play.send(ONE, bytes(sfid)).findings
    assert (finding.rule, finding.offset, finding.field) == ("FLD-RSV", 27, "SFIDRSV1")
    assert finding.seen == "5c 1b 0a"


def test_a_finding_about_two_fields_shows_the_one_it_names() -> None:
    play = Play(Policy()).run(f"{START} I:SFID(signed_receipt=Y)")
    (finding,) = play.seen[-1].findings
    assert (finding.rule, finding.offset, finding.field, finding.seen) == ("XF-SIGN", 161, "SFIDSIGN", '"Y"')


def test_no_finding_shows_a_password() -> None:
    ssid = bytearray(frame(encode(replace(SSID, password="pass_word"[:8]), 5)))
    seen = Play(Policy()).run("R:SSRM").send(ONE, bytes(ssid))
    assert [(finding.field, finding.seen) for finding in seen.findings] == [("SSIDPSWD", "")]
    ssid[4 + 27 : 4 + 35] = b"secret\x00\x00"
    refusal = Play(Policy()).run("R:SSRM").send(ONE, bytes(ssid)).refusal
    assert refusal
    assert (refusal.rule, refusal.field, refusal.seen) == ("FLD-X", "SSIDPSWD", "")
    assert "secret" not in repr(refusal)


def test_one_octet_over_the_size_can_be_tolerated_and_two_cannot() -> None:
    policy = Policy("default", {"DAT-SIZE/one": Severity.WARN})
    play = Play(policy).run(f"{START} I:SFID R:SFPA")
    assert play.send(ONE, frame(b"D" + b"\x00" * 128)).findings[0].rule == "DAT-SIZE"
    assert play.send(ONE, frame(b"D" + b"\x00" * 129)).refusal


def test_a_wrong_identification_code_is_refused_with_its_reason() -> None:
    codes = {ONE: frozenset({"O9999", "O0013     "})}
    assert Play(codes=codes).run(f"{START} I:CD").refused == ""
    play = Play(codes=codes).run("R:SSRM I:SSID(code=O0014)")
    refusal = play.seen[-1].refusal
    assert refusal
    assert (refusal.rule, refusal.reason, refusal.wire) == ("ADM-CODE", EndReason.UNKNOWN_CODE, b"\x10\0\0\x0bF03000\r")


@pytest.mark.parametrize(
    ("script", "wire"),
    [
        ("I:SSID", b""),
        ("R:SSID", b""),
        ("R:SSRM R:SSRM", b"\x10\0\0\x0bF02000\r"),
        ("R:SSRM I:SSID(level=2) I:SSID(level=2)", b"\x10\0\0\x08F02\r"),
        ("R:SSRM I:SSID R:SSID(level=4) R:CD", b"\x10\0\0\x08F02\r"),
        ("R:SSRM I:SSID R:SSID I:CD R:ESID R:CD", b""),
    ],
)
def test_the_refusal_speaks_in_a_layout_that_both_understand_or_not_at_all(script: str, wire: bytes) -> None:
    play = Play(Policy()).run(script)
    assert play.seen[-1].refusal is not None
    assert play.seen[-1].refusal.wire == wire


@pytest.mark.parametrize("script", ["R:SSRM", "R:SSRM I:SSID", START, f"{START} I:SFID R:SFPA I:DATA"])
@pytest.mark.parametrize("level", [1, 2, 4, 5])
def test_our_esid_is_an_ordinary_one_for_the_other_hop(script: str, level: int) -> None:
    here, there = Play().run(script, level=level), Play().run(script, level=level)
    wire = here.observer.esid(EndReason.TIME_OUT)
    here.observer.ended_by_us()
    assert wire
    seen = there.send(ONE, wire)
    assert (seen.forward, seen.findings, seen.refusal) == (len(wire), (), None)
    crossing = here.send(TWO, wire)
    assert (crossing.drop, crossing.forward) == (len(wire), 0)
    assert here.observer.esid(EndReason.TIME_OUT) == b""


def test_the_reason_of_a_negotiation_that_failed_passes_the_other_hop_at_any_level() -> None:
    play = Play().run("R:SSRM I:SSID(authentication=Y) R:SSID(level=4)")
    refusal = play.seen[-1].refusal
    assert refusal
    assert (refusal.rule, refusal.reason) == ("NEG-AUTH", EndReason.AUTHENTICATION_INCOMPATIBLE)
    seen = Play().run("R:SSRM I:SSID(authentication=Y)").send(TWO, refusal.wire)
    assert (seen.forward, seen.findings) == (len(refusal.wire), ())


def test_nothing_is_said_to_a_peer_before_ssrm_and_after_an_esid() -> None:
    assert Play().observer.esid(EndReason.TIME_OUT) == b""
    assert Play().run(f"{START} I:CD R:ESID").observer.esid(EndReason.TIME_OUT) == b""


def test_whole_buffers_before_a_bad_one_go_out_and_not_an_octet_of_it() -> None:
    play = Play().run(START)
    good = frame(b"E" + encode(COMMANDS["EERP"], 5)[1:])
    seen = play.send(ONE, good + frame(b"z") + good)
    assert seen.forward == len(good)
    assert seen.refusal
    assert (seen.refusal.rule, seen.refusal.stb) == ("CMD-ID", 3)
    assert play.send(ONE, good) == Inspection(drop=len(good))


def test_many_data_buffers_pass_in_one_call() -> None:
    play = Play().run("R:SSRM I:SSID(credit=999) R:SSID(credit=999) I:SFID R:SFPA")
    stream = DATA * 998
    assert play.send(ONE, stream + DATA[:-1]).forward == len(stream)
    assert play.send(ONE, DATA + DATA).forward == len(DATA)


def test_a_length_that_no_command_can_have_is_refused_before_the_buffer_is_collected() -> None:
    play = Play().run(START)
    seen = play.send(ONE, frame(b"R" * MAX_OEB)[:5])
    assert seen.refusal
    assert seen.refusal.rule == "CMD-LEN"
    assert Play().run(START).send(ONE, frame(b"E" * 60_000)[:5]) == Inspection()


def test_a_stream_that_ends_inside_a_buffer_is_refused_and_between_two_is_not() -> None:
    play = Play().run(START)
    assert play.send(ONE, b"\x10\0") == Inspection()
    seen = play.observer.end_of_stream(ONE, 2)
    assert seen.refusal
    assert (seen.refusal.rule, seen.refusal.side, seen.refusal.stb) == ("STH-EOF", ONE, 2)
    assert Play().run(START).observer.end_of_stream(TWO, 0) == Inspection()


def test_what_was_in_flight_when_the_peer_ended_is_dropped() -> None:
    play = Play().run(f"{START} R:ESID(reason=5)")
    assert play.send(ONE, b"anything at all") == Inspection(drop=15)
    assert play.observer.end_of_stream(ONE, 3) == Inspection()


def test_an_empty_buffer_after_esid_is_dropped_by_default() -> None:
    play = Play(Policy()).run(f"{START} I:CD R:ESID")
    seen = play.send(TWO, b"\x10\0\0\x04")
    assert (seen.forward, seen.drop, [finding.rule for finding in seen.findings]) == (0, 4, ["SEQ-END"])
    assert Play(Policy()).run(START).send(ONE, b"\x10\0\0\x04").refusal


def test_a_rule_can_be_ignored() -> None:
    play = Play(Policy("strict", {"SEM-UCNT": Severity.IGNORE})).run(
        f"{START} I:SFID R:SFPA I:LAST I:EFID(octets=9) R:EFPA"
    )
    assert (play.rules, play.refused) == ([], "")


def test_a_flood_of_findings_is_cut() -> None:
    play = Play(Policy()).run(START)
    reserved = frame(encode(COMMANDS["EERP"], 5)).replace(b" " * 25, b" " * 22 + b"xxx")
    for _ in range(50):
        assert play.send(ONE, reserved).forward
        play.run("R:RTR")
    assert play.rules == ["FLD-RSV"] * MAX_FINDINGS
    assert play.observer.surplus() == (Surplus("FLD-RSV", ONE, 50 - MAX_FINDINGS),)


@pytest.mark.parametrize("level", [2, 4, 5])
def test_an_esid_before_both_ssids_may_have_either_layout(level: int) -> None:
    esid = frame(encode(c.EndSession(4), level))
    assert Play().run("R:SSRM I:SSID").send(TWO, esid).forward == len(esid)


def test_a_length_that_does_not_fit_is_the_reason_before_fields_that_may_be_others() -> None:
    sfid = bytearray(encode(COMMANDS["SFID"], 5))
    sfid[1:27] = b" " * 26
    sfid[-3:] = b"009"
    seen = Play(Policy()).run(START).send(ONE, frame(bytes(sfid)))
    assert seen.refusal
    assert (seen.refusal.rule, seen.refusal.reason, [one.rule for one in seen.findings]) == (
        "CMD-LEN",
        7,
        ["FLD-EMPTY"],
    )


def test_the_old_layout_is_required_once_the_initiator_has_limited_the_level() -> None:
    play = Play().run("R:SSRM I:SSID(level=4)")
    assert play.send(TWO, frame(encode(c.EndSession(4), 5))).refusal


def test_what_is_left_when_nothing_was_discarded_waits_for_more() -> None:
    """So the pump asks once a read: the rest need not be shown again before octets have followed."""
    play = Play().run(START)
    two = frame(encode(COMMANDS["SFID"], 5))
    tail = frame(encode(COMMANDS["ESID"], 5))[:-1]
    assert play.send(ONE, two + tail).forward == len(two)
    assert play.send(ONE, tail) == Inspection()


def test_an_old_esid_before_both_ssids_may_lack_its_terminator() -> None:
    play = Play().run("R:SSRM I:SSID")
    assert play.send(TWO, frame(b"F04")).forward == 7
    assert play.rules == ["CMD-LEN"]


def test_all_that_is_wrong_with_a_refused_buffer_is_told() -> None:
    """Who reads it can mend all at once: the first rule is the refusal, the others are findings of the same buffer."""
    play = Play(Policy.named("default")).run(START)
    seen = play.send(ONE, frame(encode(replace(COMMANDS["SFID"], record_length=80, security=1, name="a"), 5)))
    assert seen.refusal
    assert seen.refusal.rule == "XF-LRECL"
    assert [(one.rule, one.severity, one.stb) for one in seen.findings] == [
        ("FLD-X", Severity.WARN, 2),
        ("XF-SEC", Severity.REFUSE, 2),
        ("XF-ENV", Severity.REFUSE, 2),
    ]


def test_what_has_no_reading_is_refused_and_all_before_it_is_told() -> None:
    seen = Play().send(TWO, frame(b"IODETTE FTP READY\r"))
    assert seen.refusal
    assert (seen.refusal.rule, seen.refusal.reason) == ("CMD-LEN", EndReason.BUFFER_SIZE)
    assert [one.rule for one in seen.findings] == ["FLD-FIX"]


@pytest.mark.parametrize("octets", [b"\n", b"\r", b"\x20", b"\x10\x01", b"\x10\0\0\x05"])
def test_not_an_octet_may_follow_esid_but_an_empty_buffer(octets: bytes) -> None:
    for whole in (True, False):
        play = Play(Policy.named("default")).run(f"{START} I:CD")
        esid = frame(encode(c.EndSession(0), 5))
        seen = play.send(TWO, esid + octets) if whole else [play.send(TWO, part) for part in (esid, octets)][-1]
        assert seen.refusal
        assert (seen.refusal.rule, seen.refusal.stb, seen.refusal.wire) == ("SEQ-END", 4, b"")


@pytest.mark.parametrize("octets", [b"\x10", b"\x10\0", b"\x10\0\0"])
def test_the_beginning_of_an_empty_buffer_waits_and_may_not_be_the_end(octets: bytes) -> None:
    play = Play(Policy.named("default")).run(f"{START} I:CD R:ESID")
    assert play.send(TWO, octets) == Inspection()
    refusal = play.observer.end_of_stream(TWO, len(octets)).refusal
    assert refusal
    assert (refusal.rule, refusal.reason) == ("SEQ-END", EndReason.PROTOCOL_VIOLATION)


def test_refused_flags_are_refused_before_the_rest_has_come() -> None:
    """So that what is told does not depend on how the octets were cut."""
    play = Play().run(START)
    assert [play.send(ONE, part).refusal for part in (b"\x11\0\0", b"\x11\0\0\x30")][1]
    whole = Play().run(START).send(ONE, b"\x11\0\0\x30" + b"R" * 44)
    assert whole.refusal
    assert (whole.refusal.rule, whole.findings) == ("STH-FLG", ())


@pytest.mark.parametrize(
    "ssid",
    [
        b"X5" + b"C" * 17 + b"topsecrt" + b"02048BYYN064N".ljust(33) + b"\r",
        b"X5" + b"O0013".ljust(30) + b"topSECRT02048BYYN064N".ljust(28) + b"\r",
    ],
)
def test_no_finding_shows_a_password_that_stands_where_it_does_not_belong(ssid: bytes) -> None:
    assert len(ssid) == 61
    seen = Play(Policy.named("default")).run("R:SSRM").send(ONE, frame(ssid))
    assert seen.refusal
    told = repr(seen)
    assert not any(part in told for part in ("tops", "ecrt", "SECRT", "topS"))


def test_empty_buffers_after_esid_are_counted_and_placed() -> None:
    play = Play(Policy.named("default")).run(f"{START} I:CD R:ESID")
    empty = b"\x10\0\0\x04"
    assert [play.send(TWO, empty).drop for _ in range(3)] == [4, 4, 4]
    found = [one for seen in play.seen for one in seen.findings]
    assert [(one.rule, one.stb, one.offset, one.field) for one in found] == [
        ("SEQ-END", stb, 0, "") for stb in (4, 5, 6)
    ]


def test_codes_are_compared_without_their_trailing_spaces_only() -> None:
    for allowed, refused in (("O0013  ", ""), ("O0013X", "ADM-CODE"), ("O0013\t", "ADM-CODE")):
        assert Play(codes={ONE: frozenset({allowed})}).run("R:SSRM I:SSID").refused == refused


def test_a_session_has_not_ended_before_it_began() -> None:
    assert SessionObserver(Policy()).ended is False


def test_a_wrong_identification_code_is_placed_and_shown() -> None:
    refusal = Play(codes={ONE: frozenset({"ANOTHER"})}).run("R:SSRM").send(ONE, frame(encode(SSID, 5))).refusal
    assert refusal
    assert (refusal.offset, refusal.field, refusal.seen) == (2, "SSIDCODE", '"O0013                    "')
    assert refusal.text == "SSIDCODE: identification code not allowed for this side"


def test_octets_after_esid_are_a_flaw_of_the_whole_buffer() -> None:
    refusal = Play().run(f"{START} I:CD R:ESID").send(TWO, b"\n").refusal
    assert refusal
    assert (refusal.offset, refusal.field, refusal.text) == (0, "", "octets after ESID by the same side")


def test_what_is_ignored_and_dropped_is_dropped() -> None:
    play = Play(Policy("default", {"SEQ-END": Severity.IGNORE})).run(f"{START} I:CD R:ESID")
    assert play.send(TWO, b"\x10\0\0\x04") == Inspection(drop=4)


def test_a_refused_end_of_a_stream_forwards_and_drops_nothing() -> None:
    play = Play().run(START)
    assert play.send(ONE, b"\x10\0\0") == Inspection()
    seen = play.observer.end_of_stream(ONE, 3)
    assert seen.refusal
    assert (seen.forward, seen.drop) == (0, 0)


@pytest.mark.parametrize(
    ("octets", "refused"),
    [
        (b"\x10\0\x08\0", ""),
        (b"\x10\0\x08\0z", ""),
        (b"\x10\0\x08\x01", ""),
        (b"\x10\0\x08\x01z", "CMD-ID"),
        (b"\x10\x01\0\0", ""),
        (b"\x10\0\x10\x04D", ""),
        (b"\x10\0\x10\x05D", "DAT-SIZE"),
    ],
)
def test_a_long_buffer_is_judged_by_its_first_five_octets_and_a_short_one_when_it_is_there(
    octets: bytes, refused: str
) -> None:
    play = Play().run("R:SSRM I:SSID(buffer_size=4096) R:SSID(buffer_size=4096) I:SFID R:SFPA")
    seen = play.send(ONE, octets)
    assert (seen.refusal.rule if seen.refusal else "") == refused
    assert (seen.forward, seen.drop) == (0, 0)


def test_runs_of_data_amid_others_pass_in_one_read() -> None:
    """What is forwarded is exactly what was shown: runs taken at once, single buffers, and a command."""
    play = Play().run("R:SSRM I:SSID(credit=99) R:SSID(credit=99) I:SFID R:SFPA")
    short, one = frame(b"D\x05HELLO"), frame(b"D\x3f" + b"x" * 63)
    two = frame(b"D\x3f" + b"x" * 63 + b"\x09" + b"y" * 9)
    octets = short + one * 4 + two * 3 + short * 2 + one + frame(b"D\x80")
    content = 5 + 4 * 63 + 3 * 72 + 10 + 63
    seen = play.send(ONE, octets + frame(encode(c.EndFile(0, content), 5)))
    assert seen == Inspection(forward=len(octets) + 4 + 35)
    assert play.run("R:EFPA").happenings[-1] == FileEnded(
        "NAME", "20260131", "2359580001", octets=content, records=0, accepted=True
    )
    assert play.send(ONE, frame(b"z")).refusal.stb == 3 + 12 + 1  # type: ignore[union-attr]


def test_what_is_dropped_behind_what_is_forwarded_is_as_long_as_it_is() -> None:
    esid = frame(encode(c.EndSession(0), 5))
    seen = Play(Policy.named("default")).run(f"{START} I:CD").send(TWO, esid + b"\x10\0\0\x04" + b"\x10")
    assert (seen.forward, seen.drop) == (len(esid), 4)


@pytest.mark.parametrize("after", [b"", b"D", DATA])
def test_an_empty_buffer_amid_data_is_refused_as_such_whatever_comes_next(after: bytes) -> None:
    seen = Play().run(f"{START} I:SFID R:SFPA").send(ONE, DATA + b"\x10\0\0\4" + after)
    assert seen.refusal
    assert (seen.refusal.rule, seen.forward) == ("STH-MIN", len(DATA))


# --- an ESID that refuses an SSID -------------------------------------------------------------------------------------


@pytest.mark.parametrize("offered", [1, 2, 4])
@pytest.mark.parametrize("text", ["", "unknown"])
def test_an_esid_in_the_layout_of_level_5_refuses_an_offer_of_any_level(offered: int, text: str) -> None:
    esid = frame(encode(c.EndSession(3, text), 5))
    play = Play(Policy()).run("R:SSRM I:SSID", level=offered)
    seen = play.send(TWO, esid)
    assert (seen.forward, seen.refusal) == (len(esid), None)
    assert [finding.key for finding in seen.findings] == ["CMD-LEN/esid-layout"]
    strict = Play(Policy("strict")).run("R:SSRM I:SSID", level=offered).send(TWO, esid).refusal
    assert strict
    assert (strict.key, strict.reason) == ("CMD-LEN/esid-layout", EndReason.BUFFER_SIZE)


@pytest.mark.parametrize("offered", [1, 2, 4, 5])
@pytest.mark.parametrize("octets", [b"F0300", b"F03001\r", b"F030020\r", b"F03009text\r", b"F0"])
def test_an_esid_that_fits_no_layout_is_refused_whatever_was_offered(offered: int, octets: bytes) -> None:
    play = Play(Policy()).run("R:SSRM I:SSID", level=offered)
    seen = play.send(TWO, frame(octets))
    assert (seen.forward, play.refused) == (0, "CMD-LEN")


@pytest.mark.parametrize(("octets", "keys"), [
    (b"F03\r", []),
    (b"F03", ["CMD-LEN/terminator-esid"]),
    (b"F03000", ["CMD-LEN/esid-layout", "CMD-LEN/terminator-esid"]),
    (b"F11\r", ["FLD-ENUM/reason"]),
    (b"F11000\r", ["CMD-LEN/esid-layout", "FLD-ENUM/reason"]),
    (b"F12000\r", ["CMD-LEN/esid-layout"]),
    (b"F77000\r", ["CMD-LEN/esid-layout", "FLD-ENUM/reason"]),
])  # fmt: skip
def test_what_else_is_wrong_with_such_an_esid_is_told_too(octets: bytes, keys: list[str]) -> None:
    play = Play(Policy()).run("R:SSRM I:SSID", level=4)
    assert [finding.key for finding in play.send(TWO, frame(octets)).findings] == keys


def test_an_initiator_may_refuse_the_answer_in_any_layout_and_at_once_only() -> None:
    esid = frame(encode(c.EndSession(4, "wrong"), 5))
    play = Play(Policy()).run("R:SSRM I:SSID(level=2) R:SSID(level=2)")
    assert play.send(ONE, esid).forward == len(esid)
    for later, side in (("", TWO), ("I:CD", ONE), ("I:EERP R:RTR", ONE)):
        play = Play(Policy()).run(f"R:SSRM I:SSID(level=2) R:SSID(level=2) {later}")
        assert play.send(side, esid).forward == 0
        assert play.refused == "CMD-LEN"


@pytest.mark.parametrize("profile", ["default", "strict"])
@pytest.mark.parametrize("answered", [1, 2, 4])
def test_an_esid_that_crosses_a_lower_answer_is_judged_alike_on_both_hosts(profile: Profile, answered: int) -> None:
    """The host near the Initiator sees it before the answer, the other one behind it."""
    esid = frame(encode(c.EndSession(4, "wrong"), 5))
    for script in ("R:SSRM I:SSID", f"R:SSRM I:SSID R:SSID(level={answered})"):
        seen = Play(Policy(profile)).run(script).send(ONE, esid)
        assert (seen.forward, seen.findings, seen.refusal) == (len(esid), (), None)


def test_a_short_esid_that_refuses_an_answer_of_level_5_is_one_without_its_tail() -> None:
    play = Play(Policy()).run(START)
    assert play.send(ONE, frame(b"F04\r")).forward
    assert play.seen[-1].findings[0].key == "CMD-LEN/tail"


# --- our own ESID -----------------------------------------------------------------------------------------------------


def texts(play: Play) -> list[str]:
    """Return what our ESID tells the Initiator and the Responder."""
    refusal = play.seen[-1].refusal
    assert refusal
    commands = [decode(refusal.wire_to(side)[4:], play.level)[0] for side in Side]
    return [command.text for command in commands if isinstance(command, c.EndSession)]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("I:SFPA", ["rule SEQ-CMD", ""]),
        ("R:SFPA", ["", "rule SEQ-TURN"]),
        ("I:SFID(restart=5)", ["rule SEM-REST, SFIDREST", ""]),
        ("I:SFID R:SFPA I:LAST I:EFID(octets=7)", ["rule SEM-UCNT, EFIDUCNT", ""]),
    ],
)
def test_our_esid_names_the_rule_to_the_side_that_broke_it_and_no_value(script: str, told: list[str]) -> None:
    assert texts(Play().run(f"{START} {script}", restart=False)) == told


def test_our_esid_is_short_ascii_whatever_was_broken() -> None:
    for rule in RULES.values():
        for field in ("SFIDDSN", "SSIDAUTH", "SFIDLRECL"):
            assert len(f"rule {rule.id}, {field}".encode("ascii")) <= 60


def test_below_level_5_and_before_both_ssids_our_esid_says_no_more_than_its_reason() -> None:
    play = Play().run("R:SSRM I:SSID(level=4) R:SSID(level=4) I:SFPA")
    refusal = play.seen[-1].refusal
    assert refusal
    assert refusal.wire_to(ONE) == refusal.wire_to(TWO) == frame(b"F02\r")
    assert texts(Play().run("R:SSRM I:SSID R:SSID(credit=3)")) == ["", ""]
    assert texts(Play(demands=Demands(authentication=True)).run("R:SSRM I:SSID")) == ["", ""]


def test_it_can_be_switched_off() -> None:
    play = Play()
    play.observer = SessionObserver(Policy(), names_rules=False)
    assert texts(play.run(f"{START} I:SFPA")) == ["", ""]


def test_an_end_by_time_or_order_has_no_text() -> None:
    assert Play().run(START).observer.esid(EndReason.TIME_OUT) == frame(b"F09000\r")


# --- terminators and what is shown ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "key", "seen"),
    [
        (encode(c.StartSessionReady(), 5)[:-1], "CMD-LEN/terminator", '" "'),
        (encode(c.StartSessionReady(), 5)[:-1] + b"\n", "FLD-CR/line-feed", "0a"),
    ],
)
def test_a_terminator_that_is_wrong_or_missing_is_shown(octets: bytes, key: str, seen: str) -> None:
    (finding,) = Play(Policy()).send(TWO, frame(octets)).findings
    assert (finding.key, finding.seen) == (key, seen)


@pytest.mark.parametrize(
    ("octets", "rule", "seen"),
    [
        (b"z secret", "CMD-ID", '"z"'),
        (b"R\r", "CMD-LEN", '"R" 0d'),
        (b"EXYZ", "CMD-LEN", '"EXY"'),
        (b"Sxyz", "CMD-LEN", '"S"'),
        (b"A\0", "CMD-LEN", '"A"'),
        (b"X5SECRET", "CMD-LEN", '"X"'),
    ],
)
def test_of_a_command_that_cannot_be_read_only_what_is_no_secret_is_shown(octets: bytes, rule: str, seen: str) -> None:
    refusal = Play().run(START).send(ONE, frame(octets)).refusal
    assert refusal
    assert (refusal.rule, refusal.seen) == (rule, seen)


# --- sessions that bring nothing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exchanges",
    ["I:EERP R:RTR I:NERP R:RTR", "I:SFID R:SFNA I:EERP R:RTR", "I:SFID R:SFPA I:EFID(octets=0) R:EFPA I:EERP R:RTR"],
)
def test_each_thousand_exchanges_in_a_row_without_content_are_told(exchanges: str) -> None:
    play = Play().run(START)
    for _ in range(1_001):
        play.run(exchanges)
    assert [event for event in play.happenings if isinstance(event, NothingMoved)] == [
        NothingMoved(1_000), NothingMoved(2_000)
    ]  # fmt: skip
    assert play.refused == ""


def test_turns_count_and_content_begins_anew() -> None:
    play = Play(Policy()).run(START)
    for _ in range(499):
        play.run("I:EERP R:RTR I:CD R:EERP I:RTR R:CD")
    assert [event for event in play.happenings if isinstance(event, NothingMoved)] == [NothingMoved(1_000)]
    play.run("I:SFID R:SFPA I:LAST I:EFID R:EFPA")
    for _ in range(249):
        play.run("I:EERP R:RTR I:CD R:EERP I:RTR R:CD")
    assert sum(isinstance(event, NothingMoved) for event in play.happenings) == 1


# --- data without content ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", [b"D", b"D\0", b"D\0\0\0", b"D" + bytes(64)])
@pytest.mark.parametrize("offer", ["", "(format=T)", "(security=1,cipher=1,envelope=1)"])
def test_a_station_that_sends_data_without_content_for_ever_is_ended(octets: bytes, offer: str) -> None:
    play = Play(Policy()).run(f"{START} I:SFID{offer} R:SFPA", credit=999)
    for _ in range(15):
        assert play.send(ONE, frame(octets)).forward
    refusal = play.send(ONE, frame(octets)).refusal
    assert refusal
    assert (refusal.rule, refusal.reason) == ("DAT-VOID", EndReason.INVALID_DATA)


def test_credit_does_not_begin_the_count_of_empty_buffers_anew_and_content_does() -> None:
    play = Play(Policy()).run(f"{START} I:SFID R:SFPA")
    empty = frame(b"D\0")
    for number in range(15):
        assert play.send(ONE, empty).forward
        if number % 2:
            play.run("R:CDT")
    play.run("I:DATA R:CDT")
    for number in range(15):
        assert play.send(ONE, empty).forward
        if number % 2:
            play.run("R:CDT")
    assert play.refused == ""
    play.send(ONE, empty)
    assert play.refused == "DAT-VOID"
