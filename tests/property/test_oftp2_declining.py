"""Files that a company declines, between two whole stations and through both hosts: nobody sees an error.

Any files of both stations, any of them declined, in any order of turns. The DMZ's verifier and the inside's are strict;
the inside declines. The stations are our own, whose order of commands is that of RFC 5024 section 9.
"""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from seon.oftp2 import notices as n
from seon.oftp2.demands import Demands, FileDemands
from seon.oftp2.happenings import FileDeclined, Happening
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.reasons import AnswerReason
from seon.oftp2.rules import RULES, Policy
from unit.oftp2.stations import ALICE, BOB, PretendedKeys, User, content, outgoing

DEMANDS = Demands(files={side: FileDemands(names=("OK*",)) for side in Side})
FILE = content(1_100)


@dataclass
class Hop:
    """A verifier with what it was shown and has not passed on."""

    observer: SessionObserver
    held: dict[Side, bytes] = field(default_factory=lambda: dict.fromkeys(Side, b""))


class Chain:
    """Two stations with both hosts between them; `incoming`: the Initiator is on the DMZ's side."""

    def __init__(self, initiator: User, responder: User, *, incoming: bool) -> None:
        self.users = (initiator, responder)
        hops = [
            Hop(SessionObserver(Policy("strict"), demands=DEMANDS, declines=declines)) for declines in (False, True)
        ]
        self.hops = hops if incoming else hops[::-1]
        self.events: list[Happening] = []
        self.closings: list[str] = []

    def run(self) -> None:
        while any(self._carry(user) for user in self.users):
            pass

    def _carry(self, giver: User) -> bool:
        carried = False
        while octets := giver.station.data_to_send():
            carried = True
            self._push(0 if giver.side is Side.INITIATOR else len(self.hops) - 1, giver.side, octets)
        giver.see(giver.station.notices())
        return carried

    def _push(self, at: int, side: Side, octets: bytes) -> None:
        """Octets of a side arrive at a hop, or behind the last one at the station there."""
        if not 0 <= at < len(self.hops):
            taker = self.users[side is Side.INITIATOR]
            taker.see(taker.station.receive(octets))
            return
        hop, onward = self.hops[at], 1 if side is Side.INITIATOR else -1
        hop.held[side] += octets
        while hop.held[side]:
            seen = hop.observer.inspect(side, memoryview(hop.held[side]))
            assert (seen.refusal, seen.findings) == (None, ()), seen
            forward, hop.held[side] = hop.held[side][: seen.forward], hop.held[side][seen.forward + seen.drop :]
            self.events += seen.happenings
            if forward:
                self._push(at + onward, side, forward)
            if seen.reply:
                self._push(at - onward, side.other, seen.reply)
            if seen.closing:
                self.closings.append(seen.closing.text)
                self._push(at + onward, side, seen.closing.wire)
                self._push(at - onward, side.other, seen.closing.wire)
            if not seen.drop:
                break


@dataclass(frozen=True)
class Case:
    """A session: for each station whether each of its files is allowed, and how the stations are."""

    level: int
    initiator: tuple[bool, ...]
    responder: tuple[bool, ...]
    incoming: bool
    asks: tuple[bool, bool]
    authentication: bool
    restart: bool
    negative: bool
    credit: int


files = st.lists(st.booleans(), max_size=4).map(tuple)
cases = st.builds(
    Case, st.sampled_from([1, 2, 4, 5]), files, files, st.booleans(), st.tuples(st.booleans(), st.booleans()),
    st.booleans(), st.booleans(), st.booleans(), st.sampled_from([1, 2, 20]),
)  # fmt: skip


def stations(case: Case) -> tuple[User, User]:
    secure = case.authentication and case.level == 5
    keys = (PretendedKeys(b"A", b"B"), PretendedKeys(b"B", b"A")) if secure else (None, None)
    users = []
    for number, profile in enumerate((ALICE, BOB)):
        own = replace(profile, level=case.level, credit=case.credit, buffer_size=128, authentication=secure)
        user = User(own, initiator=number == 0, keys=keys[number])
        user.ask_for_turn, user.negative = case.asks[number], case.negative
        user.kept = FILE[:1_024] if case.restart else b""
        for index, allowed in enumerate((case.initiator, case.responder)[number]):
            name = f"{'OK' if allowed else 'NO'}{number}{index}"
            user.station.send_file(outgoing(FILE, name=name, restart=int(case.restart)))
        users.append(user)
    return users[0], users[1]


@settings(deadline=None, max_examples=400)
@given(cases)
def test_a_declined_file_harms_neither_station_and_the_other_one_never_sees_it(case: Case) -> None:
    initiator, responder = stations(case)
    chain = Chain(initiator, responder, incoming=case.incoming)
    chain.run()
    for user, other, own in ((initiator, responder, case.initiator), (responder, initiator, case.responder)):
        assert user.end.orderly, user.end
        rejected = [notice for notice in user.told if isinstance(notice, n.FileRejected)]
        assert [(one.reason, one.retry) for one in rejected] == [(AnswerReason.INVALID_NAME, False)] * own.count(False)
        assert {one.text for one in rejected} <= {RULES["POL-NAME"].meaning if case.level == 5 else ""}
        assert len(user.of(n.FileSent)) == own.count(True)
        assert other.received == [FILE] * own.count(True)
        offered = [notice.start.name for notice in other.told if isinstance(notice, n.FileOffered)]
        assert all(name.startswith("OK") for name in offered)
        if not (case.negative and case.level < 4):
            assert len(user.of(n.ReceiptReceived)) == own.count(True)
    declined = [event.rule for event in chain.events if isinstance(event, FileDeclined)]
    assert declined == ["POL-NAME"] * (*case.initiator, *case.responder).count(False)
