"""Two Stations that talk to each other, watched by the strict verifier, and one that talks to octets made by hand."""

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from seon.oftp2 import commands as c
from seon.oftp2 import notices as n
from seon.oftp2.authentication import Authenticator, Challenge, NotAuthenticatedError
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.reasons import AnswerReason, NegativeReason
from seon.oftp2.receiving import negative_receipt_for, receipt_for
from seon.oftp2.records import extent
from seon.oftp2.rules import Policy
from seon.oftp2.sending import OutgoingFile, layout_of
from seon.oftp2.session_start import Profile
from seon.oftp2.station import MOST_AT_ONCE, Station

ALICE = Profile("O0013ALICE", "SECRET-A")
BOB = Profile("O0013BOB", "SECRET-B")
START = c.StartFile("ORDERS.EDI", "20260131", "1205070001", "", "O0013BOB", "O0013ALICE", "U", 0, 1, 1)


def content(size: int, seed: int = 1) -> bytes:
    """Octets with runs in them, so that compression has something to do."""
    rng = random.Random(seed)
    half = rng.randbytes(size // 2)
    return (half + b" " * (size // 4) + b"ab" * size)[:size]


def variable(octets: bytes, most: int, seed: int = 2) -> bytes:
    """The local form of a V file: records of 0 to `most` octets."""
    rng, out, at = random.Random(seed), b"", 0
    while at < len(octets):
        record = octets[at : at + rng.randint(0, most)]
        out += len(record).to_bytes(2, "big") + record
        at += len(record)
    return out


def outgoing(octets: bytes, **values: object) -> OutgoingFile:
    size_k = -(-len(octets) // 1024)
    return OutgoingFile(replace(START, size_k=size_k, original_size_k=size_k, **values), io.BytesIO(octets))


class Watch:
    """The strict verifier between the two: it must forward everything and find nothing."""

    def __init__(self) -> None:
        self._observer = SessionObserver(Policy.named("strict"))
        self._held = dict.fromkeys(Side, b"")

    def see(self, side: Side, octets: bytes) -> None:
        held = self._held[side] + octets
        view = memoryview(held)
        while view:
            seen = self._observer.inspect(side, view)
            assert seen.refusal is None, seen.refusal
            assert seen.drop == 0
            assert not seen.findings, seen.findings
            if not seen.forward:
                break
            view = view[seen.forward :]
        self._held[side] = bytes(view)


class PretendedKeys:
    """Keys that anybody can see through: a sealed challenge says for whom it is, and then the secret."""

    def __init__(self, own: bytes, peer: bytes) -> None:
        self.made: list[bytes] = []
        self._own, self._peer = own, peer
        self._random = random.Random(own)

    def challenge(self) -> Challenge:
        self.made.append(self._random.randbytes(20))
        return Challenge(self._peer + self.made[-1], self.made[-1])

    def respond(self, sealed: bytes) -> bytes:
        if not sealed.startswith(self._own):
            raise NotAuthenticatedError("not for me")
        return sealed.removeprefix(self._own)


class User:
    """One end: a Station and somebody who takes every file and returns receipts, unless told otherwise."""

    def __init__(
        self,
        profile: Profile,
        *,
        initiator: bool,
        keys: Authenticator | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.station = Station(profile, initiator=initiator, policy=policy, authenticator=keys)
        self.side = Side.INITIATOR if initiator else Side.RESPONDER
        self.told: list[n.Notice] = []
        self.received: list[bytes] = []
        self.kept = b""
        """What is here already of a file (restart)."""
        self.refuse_start: AnswerReason | None = None
        self.refuse_end: AnswerReason | None = None
        self.negative = False
        self.receipts = True
        self.sign: Callable[[n.Receipt], n.Receipt] = lambda receipt: receipt
        self.ask_for_turn = False
        self.on_turn: Callable[[], None] = lambda: None
        self._sink = io.BytesIO()

    def see(self, notices: list[n.Notice]) -> None:
        for notice in notices:
            self.told.append(notice)
            if isinstance(notice, n.FileOffered):
                self._offered(notice.start)
            elif isinstance(notice, n.FileReceived):
                self._received(notice)
            elif isinstance(notice, n.TurnTaken):
                self.on_turn()

    def _offered(self, start: c.StartFile) -> None:
        if self.refuse_start:
            self.station.refuse_file(self.refuse_start, retry=False, text="no")
            return
        here = extent(io.BytesIO(self.kept), layout_of(start), start.restart)
        self._sink = io.BytesIO(self.kept[: here.local_octets(layout_of(start))])
        self._sink.seek(0, io.SEEK_END)
        self.station.accept_file(self._sink, here)

    def _received(self, notice: n.FileReceived) -> None:
        if self.refuse_end:
            self.station.refuse_end(self.refuse_end, "no")
            return
        self.received.append(self._sink.getvalue())
        self.station.accept_end(change_direction=self.ask_for_turn)
        if not self.receipts:
            return
        if self.negative:
            code = self.station.profile.code
            receipt: n.Receipt = negative_receipt_for(notice.start, NegativeReason.NOT_DELIVERED, code, "gone")
        else:
            receipt = receipt_for(notice.start)
        self.station.send_receipt(self.sign(receipt))

    def of(self, kind: type) -> list[n.Notice]:
        return [notice for notice in self.told if isinstance(notice, kind)]

    @property
    def end(self) -> n.SessionEnded:
        (end,) = self.of(n.SessionEnded)
        assert isinstance(end, n.SessionEnded)
        return end


class Pair:
    """Initiator and Responder at once; `split` cuts what one sends into what the other reads."""

    def __init__(
        self,
        initiator: Profile = ALICE,
        responder: Profile = BOB,
        split: Callable[[bytes], Iterator[bytes]] = lambda octets: iter((octets,)),
        keys: tuple[Authenticator | None, Authenticator | None] = (None, None),
    ) -> None:
        self.initiator = User(initiator, initiator=True, keys=keys[0])
        self.responder = User(responder, initiator=False, keys=keys[1])
        self._split = split
        self._watch = Watch()

    def run(self) -> "Pair":
        while self._carry(self.responder, self.initiator) + self._carry(self.initiator, self.responder):
            pass
        assert self.initiator.station.ended
        assert self.responder.station.ended
        return self

    def _carry(self, giver: User, taker: User) -> int:
        carried = 0
        while octets := giver.station.data_to_send():
            assert len(octets) < MOST_AT_ONCE + 100_003
            carried += len(octets)
            self._watch.see(giver.side, octets)
            for part in self._split(octets):
                taker.see(taker.station.receive(part))
        giver.see(giver.station.notices())
        return carried

    def send(self, *files: OutgoingFile) -> "Pair":
        for file in files:
            self.initiator.station.send_file(file)
        return self.run()

    def assert_orderly(self) -> None:
        assert self.initiator.end.orderly
        assert self.responder.end.orderly


def one_at_a_time(octets: bytes) -> Iterator[bytes]:
    return (octets[at : at + 1] for at in range(len(octets)))


def at_random(octets: bytes) -> Iterator[bytes]:
    rng, at = random.Random(3), 0
    while at < len(octets):
        step = rng.randint(1, 700)
        yield octets[at : at + step]
        at += step


FORMS = {
    "U": (lambda octets: octets, {"format": "U"}),
    "T": (lambda octets: octets, {"format": "T"}),
    "F": (lambda octets: octets[: len(octets) // 80 * 80], {"format": "F", "record_length": 80}),
    "V": (lambda octets: variable(octets, 300), {"format": "V", "record_length": 300}),
}


class Chart:
    """A Station against octets made by hand: `got` commands, and it `must` answer with others."""

    def __init__(
        self,
        profile: Profile = BOB,
        *,
        initiator: bool = False,
        keys: Authenticator | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.user = User(profile, initiator=initiator, keys=keys, policy=policy)
        self.level = profile.level

    def got(self, *commands: c.Command | bytes) -> "Chart":
        for command in commands:
            wire = frame(command if isinstance(command, bytes) else encode(command, self.level))
            self.user.see(self.user.station.receive(wire))
        return self

    def must(self, *commands: c.Command) -> "Chart":
        assert self.user.station.data_to_send() == b"".join(frame(encode(each, self.level)) for each in commands)
        return self

    def opened(self, **values: object) -> "Chart":
        offer = replace(ALICE.offer(), **values)
        return self.must(c.StartSessionReady()).got(offer).must(BOB.answer(offer))
