"""How far a session is: what its main hears while it runs, how often, and what happens when nobody hears it."""

import socket

from seon.net import pump
from seon.oftp2 import commands as c
from seon.oftp2.framing import frame
from seon.oftp2.reasons import EndReason
from seon.process import line
from unit.session.scenes import Session, assignment, esid, leave, stb, wait_until

NAME = "INVOICES"
OFFER = stb(c.StartFile(NAME, "20260101", "1200000001", "", "TWO", "ONE", "U", 0, 3, 3))
TAKE = stb(c.StartFileAccepted(0))
BUFFER = frame(b"D" + (b"\x3f" + bytes(63)) * 16)
LAST = frame(b"D" + b"\xbf" + bytes(63))


def said(play: Session) -> list[line.Progress]:
    return [message for message in play.main.heard if isinstance(message, line.Progress)]


def passes(source: socket.socket, sink: socket.socket, octets: bytes) -> None:
    source.sendall(octets)
    assert sink.recv(len(octets), socket.MSG_WAITALL) == octets


def last(play: Session) -> line.Progress:
    return (said(play) or [line.Progress("negotiating")])[-1]


def sends_a_file(play: Session) -> None:
    play.open()
    wait_until(lambda: last(play).phase == "idle")
    passes(play.one, play.two, OFFER)
    passes(play.two, play.one, TAKE)
    passes(play.one, play.two, BUFFER)
    wait_until(lambda: last(play).octets_in > len(OFFER + BUFFER))
    play.grown = last(play)
    passes(play.one, play.two, BUFFER)
    wait_until(lambda: last(play) != play.grown)
    passes(play.one, play.two, LAST + stb(c.EndFile(0, 2_080)))
    wait_until(lambda: last(play).octets_in >= play.grown.octets_in + len(BUFFER + LAST))
    passes(play.two, play.one, stb(c.EndFileAccepted(change_direction=False)))
    wait_until(lambda: last(play).files == 1)


def test_a_file_is_seen_growing_and_then_as_ended(ends, monkeypatch) -> None:
    monkeypatch.setattr(pump, "TICK_SECONDS", 0.01)

    def scene(play: Session) -> None:
        sends_a_file(play)
        play.one.sendall(esid(EndReason.NORMAL))
        play.two.recv(100)
        play.close()

    play = Session(ends, assignment())
    play.play(scene)
    first = play.grown
    assert (first.phase, first.file_out) == ("receiving", None), "the partner is the Initiator of an incoming session"
    assert first.file_in == line.File(NAME, 1_008, 3_072)
    growing = [one.file_in.octets for one in said(play) if one.file_in]
    assert growing == sorted(growing)
    assert growing[-1] == 2 * 1_008 + 63
    end = said(play)[-1]
    assert (end.phase, end.file_in, end.files) == ("idle", None, 1)
    assert end.octets_in <= play.main.fields("SES-END")["octets_in"]


def test_a_file_to_the_partner_is_one_that_is_sent(ends, monkeypatch) -> None:
    """The same octets in a session that the company has begun: its station is the Initiator."""
    monkeypatch.setattr(pump, "TICK_SECONDS", 0.01)

    def scene(play: Session) -> None:
        play.open()
        passes(play.one, play.two, OFFER)
        passes(play.two, play.one, TAKE)
        wait_until(lambda: last(play).file_out)
        play.one.sendall(esid(EndReason.UNSPECIFIED))
        play.two.recv(100)
        play.close()

    play = Session(ends, assignment(direction="outgoing"))
    play.play(scene)
    seen = [one for one in said(play) if one.file_out]
    assert (seen[-1].phase, seen[-1].file_in, seen[-1].file_out.name) == ("sending", None, NAME)


def test_it_is_said_once_a_second_at_most_and_nothing_without_news(ends) -> None:
    def scene(play: Session) -> None:
        play.open()
        wait_until(lambda: said(play))
        assert play.one.recv(100) == esid(EndReason.TIME_OUT), "until then nothing moved"
        play.close()

    play = Session(ends, assignment(idle_seconds=3))
    play.play(scene)
    assert len(said(play)) <= 2
    assert len(set(map(str, said(play)))) == len(said(play))


def test_the_server_s_session_says_nothing_of_it(ends, monkeypatch) -> None:
    """The inside's word on files counts."""
    monkeypatch.setattr(pump, "TICK_SECONDS", 0.01)
    play = Session(ends, assignment(hop="dmz"))
    play.play(leave)
    assert said(play) == []
