"""An OFTP2 end point, Initiator or Responder, without I/O (RFC 5024 sections 3, 4 and 9).

Octets go in by `receive`, and what happened comes out as notices; commands are methods; octets for the other side come
out by `data_to_send`. There is no clock, socket, log or thread inside: `timed_out` and `receive_eof` tell it of the
world. A user's loop is: receive, act on the notices, send until `data_to_send` returns nothing.

The Speaker needs no orders for the turn, since the RFC leaves it no choice (section 9.10): with something queued it
sends that; with nothing queued it ends the session where it may (it has just been given the turn and has sent
nothing), and else hands the turn over. Files are read and written piece by piece, as credit and `data_to_send` ask.

States are named as in section 9.2. What needs keys is not here: an `Authenticator` makes and answers challenges, and
receipts are signed before they are queued (`signed_receipts`).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Any

from seon.oftp2 import commands as c
from seon.oftp2 import notices as n
from seon.oftp2.authentication import Authenticator, Challenge
from seon.oftp2.codec import decode, encode
from seon.oftp2.errors import InvalidBufferError, LocalError, PeerError
from seon.oftp2.framing import Frames, frame
from seon.oftp2.layouts import ESID, esid_level
from seon.oftp2.packing import DATA
from seon.oftp2.reasons import AnswerReason, EndReason
from seon.oftp2.receiving import Receiving
from seon.oftp2.records import Extent, Sink
from seon.oftp2.rules import RULES, Policy, Severity
from seon.oftp2.sending import OutgoingFile, Sending, receipt_at
from seon.oftp2.session_start import Agreement, Profile, agree

MOST_AT_ONCE = 256 * 1024
"""Octets after which `data_to_send` returns; it goes over by one exchange buffer at most."""


class State(Enum):
    """The states of RFC 5024 section 9.2 in which an end point waits, in its words."""

    WAIT_READY = "I_WF_RM"
    WAIT_ANSWER = "I_WF_SSID"
    WAIT_OFFER = "A_NC_ONLY"
    WAIT_CHALLENGE = "WF_AUCH"
    WAIT_SECURITY_TURN = "WF_SECD"
    WAIT_RESPONSE = "WF_AURP"
    IDLE_SPEAKER = "IDLESP"
    IDLE_SPEAKER_CD = "IDLESPCD"
    OPENING = "OPOP"
    SENDING = "OPO"
    WAIT_CREDIT = "OPOWFC"
    CLOSING = "CLOP"
    WAIT_RTR = "WF_RTR"
    IDLE_LISTENER = "IDLELI"
    IDLE_LISTENER_CD = "IDLELICD"
    OFFERED = "OPIP"
    RECEIVING = "OPI"
    RECEIVED = "CLIP"
    WAIT_TURN = "WF_CD"
    ENDED = "WF_NDISC"


_ESID = bytes([ESID])
_IDLE_LISTENER = (State.IDLE_LISTENER, State.IDLE_LISTENER_CD)
_IDLE_SPEAKER = (State.IDLE_SPEAKER, State.IDLE_SPEAKER_CD)


class OutOfOrderError(PeerError):
    """A command that is not valid in this state (ESID 02)."""

    reason = EndReason.PROTOCOL_VIOLATION


class Station:
    """One session's end point. Its methods raise LocalError when called where the protocol does not allow it.

    `authenticator` is needed where the profile asks for secure authentication, and used only there.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        initiator: bool,
        policy: Policy | None = None,
        authenticator: Authenticator | None = None,
    ) -> None:
        if profile.authentication and authenticator is None:
            raise LocalError("secure authentication needs keys")
        self.profile = profile
        self.agreement: Agreement | None = None
        self.peer: c.StartSession | None = None
        self.state = State.WAIT_READY if initiator else State.WAIT_OFFER
        self.initiator = initiator
        self._policy = policy or Policy()
        self._authenticator = authenticator
        self._challenge: Challenge | None = None
        """Ours, until it is answered: an answer counts once."""
        self._level = profile.level
        self._heard_since = False
        """Something has come since both SSIDs had passed: the other side does not refuse ours any more."""
        self._frames = Frames()
        self._out: deque[bytes] = deque()
        self._notices: list[n.Notice] = []
        self._files: deque[OutgoingFile] = deque()
        self._receipts: deque[n.Receipt] = deque()
        self._sending: Sending | None = None
        self._receiving: Receiving | None = None
        self._offered: c.StartFile | None = None
        self._receipt: n.Receipt | None = None
        self._credit = 0
        if not initiator:
            self._send(c.StartSessionReady())

    # --- in and out ---------------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Whether SessionEnded has happened; what `data_to_send` still returns is to be sent before closing."""
        return self.state is State.ENDED

    def receive(self, data: bytes | memoryview) -> list[n.Notice]:
        """Take octets from the other side, in any split; return what happened. Octets after the end are ignored."""
        try:
            for buffer in self._frames.feed(data):
                if self.ended:
                    break
                self._take(buffer)
        except PeerError as error:
            self._end(error.reason, str(error), tell_text=False, for_the_log=error.for_the_log)
        return self.notices()

    def receive_eof(self) -> list[n.Notice]:
        """The other side's stream has ended."""
        if not self.ended:
            self._ended(None, "connection ended without ESID", by_us=False)
        return self.notices()

    def timed_out(self) -> list[n.Notice]:
        """Nothing came for too long (the RFC gives no value): end with ESID 09."""
        self._end(EndReason.TIME_OUT, "nothing received for too long", tell_text=False)
        return self.notices()

    def notices(self) -> list[n.Notice]:
        """Return what has happened since the last call, for instance inside `data_to_send`."""
        notices, self._notices = self._notices, []
        return notices

    def data_to_send(self) -> bytes:
        """Return the next octets for the other side, about MOST_AT_ONCE at most; nothing when it is their move."""
        out: list[bytes] = []
        size = 0
        while size < MOST_AT_ONCE:
            if not self._out and not self._proceed():
                break
            out.append(self._out.popleft())
            size += len(out[-1])
        return b"".join(out)

    # --- commands -----------------------------------------------------------------------------------------------------

    def send_file(self, file: OutgoingFile) -> None:
        """Queue a file; it is offered as soon as we are the Speaker."""
        self._files.append(file)

    def send_receipt(self, receipt: n.Receipt) -> None:
        """Queue an EERP or NERP; receipts go before files. A NERP is dropped in a session below level 4."""
        self._receipts.append(receipt)

    def accept_file(self, sink: Sink, kept: Extent | None = None) -> None:
        """Answer FileOffered: SFPA. `kept` is what the sink has already of this file (restart)."""
        self._must_be(State.OFFERED)
        assert self._offered is not None
        assert self.agreement is not None
        self._receiving = Receiving(self._offered, sink, kept or Extent(), self.agreement)
        self._send(c.StartFileAccepted(self._receiving.kept_units), State.RECEIVING)

    def refuse_file(self, reason: AnswerReason, *, retry: bool, text: str = "") -> None:
        """Answer FileOffered: SFNA. `retry`: the other side may offer it again later."""
        self._must_be(State.OFFERED)
        self._send(c.StartFileRefused(reason, retry, self._sayable(text)), State.IDLE_LISTENER)

    def accept_end(self, *, change_direction: bool = False) -> None:
        """Answer FileReceived: EFPA, once the file is safe. `change_direction` asks for the turn."""
        self._must_be(State.RECEIVED)
        self._send(c.EndFileAccepted(change_direction), State.WAIT_TURN if change_direction else State.IDLE_LISTENER)

    def refuse_end(self, reason: AnswerReason, text: str = "") -> None:
        """Answer FileReceived: EFNA."""
        self._must_be(State.RECEIVED)
        self._send(c.EndFileRefused(reason, self._sayable(text)), State.IDLE_LISTENER)

    def abort(self, reason: EndReason, text: str = "") -> None:
        """End the session at once with an ESID other than 00. Harmless when it has ended."""
        if reason is EndReason.NORMAL:
            raise LocalError("an abort is not a normal end")
        self._end(reason, text, tell_text=True)

    # --- one place writes, one place ends -----------------------------------------------------------------------------

    def _send(self, command: c.Command, state: State | None = None) -> None:
        self._out.append(frame(encode(command, self._level)))
        if state is not None:
            self.state = state

    def _tell(self, notice: n.Notice) -> None:
        self._notices.append(notice)

    def _sayable(self, text: str) -> str:
        return text if self._level == 5 else ""

    def _must_be(self, state: State) -> None:
        if self.state is not state:
            raise LocalError(f"not possible in state {self.state.value}")

    def _end(self, reason: EndReason, text: str, *, tell_text: bool, for_the_log: str = "") -> None:
        if self.ended:
            return
        # Before SSRM the Initiator may say nothing (section 4.2.1): it just closes.
        if self.state is not State.WAIT_READY:
            self._send(c.EndSession(reason, self._sayable(text) if tell_text else ""))
        self._ended(reason, text, by_us=True, for_the_log=for_the_log)

    def _ended(self, reason: int | None, text: str, *, by_us: bool, for_the_log: str = "") -> None:
        # Normal for the Listener is to be idle. Real stations end so after a solicited CD too: that is no harm.
        orderly = reason == EndReason.NORMAL and (by_us or self.state in _IDLE_LISTENER)
        self.state = State.ENDED
        self._tell(n.SessionEnded(reason, by_us, orderly, text, for_the_log))

    # --- the Speaker's own moves --------------------------------------------------------------------------------------

    def _proceed(self) -> bool:
        """Make the next move that is ours; return whether there is something to send."""
        try:
            if self.state is State.SENDING:
                self._send_data()
            elif self.state in _IDLE_SPEAKER:
                self._request()
        except OSError as error:
            self._end(EndReason.UNSPECIFIED, f"the file cannot be read: {error.strerror}", tell_text=False)
        except LocalError as error:
            self._end(EndReason.UNSPECIFIED, str(error), tell_text=False)
        return bool(self._out)

    def _send_data(self) -> None:
        assert self._sending is not None
        buffer = self._sending.next_buffer()
        if buffer is None:
            self._send(self._sending.end(), State.CLOSING)
            return
        self._out.append(frame(buffer))
        self._credit -= 1
        if self._credit == 0:
            self.state = State.WAIT_CREDIT

    def _request(self) -> None:
        """Send what is queued, receipts first; with nothing queued end, or hand over the turn (section 9.10)."""
        if not (self._request_receipt() or self._request_file()):
            if self.state is State.IDLE_SPEAKER_CD:
                self._send(c.EndSession(EndReason.NORMAL))
                self._ended(EndReason.NORMAL, "", by_us=True)
            else:
                self._send(c.ChangeDirection(), State.IDLE_LISTENER_CD)

    def _request_receipt(self) -> bool:
        while self._receipts:
            self._receipt = self._receipts.popleft()
            if self._level < 4 and isinstance(self._receipt, c.NegativeEndResponse):
                continue
            self._send(receipt_at(self._receipt, self._level), State.WAIT_RTR)
            return True
        return False

    def _request_file(self) -> bool:
        assert self.agreement is not None
        while self._files:
            file = self._files.popleft()
            if not self.agreement.may_send:
                text = "this session lets us send no files"
                self._tell(n.FileRejected(file, AnswerReason.DIRECTION_REFUSED, retry=False, text=text))
                continue
            self._sending = Sending(file, self.agreement)
            self._send(self._sending.start, State.OPENING)
            return True
        return False

    # --- what the other side says -------------------------------------------------------------------------------------

    def _take(self, buffer: bytes) -> None:
        if buffer[:1] == DATA:
            self._data(buffer)
            return
        command, flaws = decode(buffer, self._level_of(buffer))
        self._heard_since = self.agreement is not None
        for flaw in flaws:
            if self._policy.severity(flaw.rule) is Severity.REFUSE:
                raise InvalidBufferError(flaw, RULES[flaw.rule].reason)
        if isinstance(command, c.EndSession):
            self._ended(command.reason, command.text, by_us=False)
            return
        take = _TABLE.get((self.state, type(command)))
        if take is None:
            raise OutOfOrderError(f"{type(command).__name__} is not valid in state {self.state.value}")
        take(self, command)

    def _level_of(self, buffer: bytes) -> int:
        """Return the level to read a buffer by: an ESID that refuses an SSID may have any level's layout."""
        if buffer[:1] != _ESID or self._heard_since:
            return self._level
        own = esid_level(len(buffer))
        if self.agreement is None:
            return own
        return self._level if self.initiator else max(own, self._level)

    def _ready(self, _command: c.StartSessionReady) -> None:
        self._send(self.profile.offer(), State.WAIT_ANSWER)

    def _offer(self, offer: c.StartSession) -> None:
        answer = self.profile.answer(offer)
        self._level = min(self.profile.level, offer.level)
        self.profile.admit(offer)
        agreement = agree(answer, offer, credit=answer.credit)
        self._send(answer)
        self._agreed(offer, agreement)

    def _answer(self, answer: c.StartSession) -> None:
        self._level = min(self.profile.level, answer.level)
        self.profile.admit(answer)
        self._agreed(answer, agree(self.profile.offer(), answer, credit=answer.credit))

    def _agreed(self, peer: c.StartSession, agreement: Agreement) -> None:
        self.peer, self.agreement = peer, agreement
        if not agreement.authentication:
            self._start()
        elif self.initiator:
            self._send(c.SecurityChangeDirection(), State.WAIT_CHALLENGE)
        else:
            self.state = State.WAIT_SECURITY_TURN

    def _security_turn(self, _command: c.SecurityChangeDirection) -> None:
        assert self._authenticator is not None
        self._challenge = self._authenticator.challenge()
        self._send(c.AuthenticationChallenge(self._challenge.sealed), State.WAIT_RESPONSE)

    def _challenged(self, command: c.AuthenticationChallenge) -> None:
        assert self._authenticator is not None
        self._send(c.AuthenticationResponse(self._authenticator.respond(command.challenge)))
        # The Initiator is challenged first, so a Responder who answers has already heard a right answer.
        if self.initiator:
            self.state = State.WAIT_SECURITY_TURN
        else:
            self._start()

    def _responded(self, command: c.AuthenticationResponse) -> None:
        assert self._challenge is not None
        challenge, self._challenge = self._challenge, None
        challenge.check(command.response)
        if self.initiator:
            self._start()
        else:
            self._send(c.SecurityChangeDirection(), State.WAIT_CHALLENGE)

    def _start(self) -> None:
        assert self.peer is not None
        assert self.agreement is not None
        self.state = State.IDLE_SPEAKER if self.initiator else State.IDLE_LISTENER
        self._tell(n.SessionStarted(replace(self.peer, password=""), self.agreement))

    def _file_accepted(self, answer: c.StartFileAccepted) -> None:
        assert self._sending is not None
        assert self.agreement is not None
        if answer.restart > self._sending.start.restart:
            raise OutOfOrderError("the answered restart position is above the offered one")
        self._credit, self.state = self.agreement.credit, State.SENDING
        self._tell(n.FileStarted(self._sending.file, self._sending.start, answer.restart))
        try:
            self._sending.begin(answer.restart)
        except (LocalError, OSError) as error:
            self._end(EndReason.UNSPECIFIED, f"the file cannot be read: {error}", tell_text=False)

    def _file_refused(self, answer: c.StartFileRefused) -> None:
        assert self._sending is not None
        self.state = State.IDLE_SPEAKER
        self._tell(n.FileRejected(self._sending.file, answer.reason, answer.retry, answer.text))

    def _credited(self, _command: c.SetCredit) -> None:
        assert self.agreement is not None
        self._credit, self.state = self.agreement.credit, State.SENDING

    def _end_accepted(self, answer: c.EndFileAccepted) -> None:
        assert self._sending is not None
        self.state = State.IDLE_SPEAKER
        self._tell(n.FileSent(self._sending.file, self._sending.start, self._sending.octets))
        if answer.change_direction:
            # A solicited turn: the other side may not end the session with it, so this is not IDLELICD.
            self._send(c.ChangeDirection(), State.IDLE_LISTENER)

    def _end_refused(self, answer: c.EndFileRefused) -> None:
        assert self._sending is not None
        self.state = State.IDLE_SPEAKER
        self._tell(n.FileRejected(self._sending.file, answer.reason, retry=False, text=answer.text))

    def _ready_to_receive(self, _command: c.ReadyToReceive) -> None:
        assert self._receipt is not None
        self.state = State.IDLE_SPEAKER
        self._tell(n.ReceiptSent(self._receipt))

    def _file_offered(self, start: c.StartFile) -> None:
        assert self.agreement is not None
        if not self.agreement.may_receive:
            raise OutOfOrderError("file sent against the agreed direction")
        if start.restart and not self.agreement.restart:
            raise OutOfOrderError("restart position though restart was not agreed")
        self._offered, self.state = start, State.OFFERED
        if start.format == "F" and not start.record_length:
            self.refuse_file(AnswerReason.RECORD_LENGTH, retry=False)
            self._tell(n.FileFailed(start, AnswerReason.RECORD_LENGTH))
        else:
            self._tell(n.FileOffered(start))

    def _data(self, buffer: bytes) -> None:
        if self.state is not State.RECEIVING:
            raise OutOfOrderError(f"DATA is not valid in state {self.state.value}")
        assert self._receiving is not None
        if self._receiving.take(buffer):
            self._send(c.SetCredit())

    def _file_ended(self, end: c.EndFile) -> None:
        assert self._receiving is not None
        done, self.state = self._receiving, State.RECEIVED
        reason = done.verdict(end)
        if reason is None:
            self._tell(n.FileReceived(done.start, done.records, done.octets))
        else:
            self.refuse_end(reason)
            self._tell(n.FileFailed(done.start, reason))

    def _receipt_came(self, receipt: n.Receipt) -> None:
        self._tell(n.ReceiptReceived(receipt))
        self._send(c.ReadyToReceive(), State.IDLE_LISTENER)

    def _turn_given(self, _command: c.ChangeDirection) -> None:
        # Only a turn we did not ask for may be answered with the end of the session.
        self.state = State.IDLE_SPEAKER if self.state is State.WAIT_TURN else State.IDLE_SPEAKER_CD
        self._tell(n.TurnTaken())


_TABLE: dict[tuple[State, type[c.Command]], Callable[[Station, Any], None]] = {
    # RFC 5024 section 9.8
    (State.WAIT_READY, c.StartSessionReady): Station._ready,
    (State.WAIT_OFFER, c.StartSession): Station._offer,
    (State.WAIT_ANSWER, c.StartSession): Station._answer,
    (State.WAIT_SECURITY_TURN, c.SecurityChangeDirection): Station._security_turn,
    (State.WAIT_CHALLENGE, c.AuthenticationChallenge): Station._challenged,
    (State.WAIT_RESPONSE, c.AuthenticationResponse): Station._responded,
    # section 9.11, the Speaker
    (State.OPENING, c.StartFileAccepted): Station._file_accepted,
    (State.OPENING, c.StartFileRefused): Station._file_refused,
    (State.WAIT_CREDIT, c.SetCredit): Station._credited,
    (State.CLOSING, c.EndFileAccepted): Station._end_accepted,
    (State.CLOSING, c.EndFileRefused): Station._end_refused,
    (State.WAIT_RTR, c.ReadyToReceive): Station._ready_to_receive,
    # section 9.12, the Listener; DATA in RECEIVING is not a command (`_data`)
    (State.RECEIVING, c.EndFile): Station._file_ended,
    (State.WAIT_TURN, c.ChangeDirection): Station._turn_given,
    (State.IDLE_LISTENER, c.ChangeDirection): Station._turn_given,
    **{(state, c.StartFile): Station._file_offered for state in _IDLE_LISTENER},
    **{(state, c.EndToEndResponse): Station._receipt_came for state in _IDLE_LISTENER},
    **{(state, c.NegativeEndResponse): Station._receipt_came for state in _IDLE_LISTENER},
}
"""What may come in which state. A pair that is not here is a protocol violation; ESID may come in any."""
