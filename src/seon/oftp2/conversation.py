"""The order of one session, seen from between the stations: phase, turn, credit, and the file under way.

It decides nothing: it says which rules a command breaks, and goes on as if they had been tolerated. Who asks (the
observer) ends the session where the policy refuses.
"""

from collections.abc import Callable
from typing import Any

from seon.oftp2.commands import (
    ChangeDirection,
    Command,
    EndFile,
    EndFileAccepted,
    EndFileRefused,
    EndSession,
    EndToEndResponse,
    NegativeEndResponse,
    ReadyToReceive,
    SetCredit,
    StartFile,
    StartFileAccepted,
    StartFileRefused,
    StartSession,
)
from seon.oftp2.demands import Demands
from seon.oftp2.errors import Flaw
from seon.oftp2.happenings import (
    FileBrokenOff,
    FileDeclined,
    FileEnded,
    FileOffered,
    FileRefused,
    FileStarted,
    Happening,
    NothingMoved,
    ReceiptPassed,
    SessionAgreed,
    SessionEnded,
    Side,
)
from seon.oftp2.inspection import FileUnderWay
from seon.oftp2.layouts import FORM_OF, FUTURE_LEVELS
from seon.oftp2.negotiation import Agreement, agree
from seon.oftp2.phases import NEXT, Phase, Role, When, legal, violation
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import RULES
from seon.oftp2.transfer import BLOCK, Transfer

_EARLY_ENDS = {EndReason.EMERGENCY_CLOSE, EndReason.NO_RESOURCES, EndReason.UNSPECIFIED}
"""Reasons to end a session with ESID where SSRM was due."""
EXCHANGES = 1_000
"""Turns, refused or empty files, and receipts in a row without content after which it is told, each time."""


class Conversation:
    """State of one session. `data_from` is the side that may send DATA now."""

    def __init__(self, demands: Demands) -> None:
        self._demands = demands
        self.phase = Phase.READY
        self.data_from: Side | None = None
        self.agreement: Agreement | None = None
        self.ended_by: Side | None = None
        self.happened: list[Happening] = []
        """What was seen; the caller takes it away."""
        self.dropped = False
        """Whether the last command is not to be forwarded."""
        self.just_agreed = False
        """The Responder's SSID has passed, and nothing since."""
        self.nothing_left = 0
        """Where the last command gave back a turn in which files were declined and nothing passed: how many files."""
        self._flaws: list[Flaw] = []
        self._speaker: Side | None = None
        self._fresh_turn = False
        """The Speaker has got an unsolicited CD and has sent nothing since (IDLESPCD)."""
        self._fresh_beyond = False
        """The same as the Listener sees it, to whom declined files do not show (IDLELICD)."""
        self._declined = 0
        """Files declined in this turn."""
        self._exchanges = 0
        self._ssid: StartSession | None = None
        self._sfid: StartFile | None = None
        self._transfer: Transfer | None = None
        self._credit = 0
        self._late_credit: Side | None = None
        """Of whom a CDT may still come whose Speaker did not wait for it, until the next SFID that reaches it."""
        self._before_offer: tuple[bool, Side | None] = (False, None)
        """What the Listener's view was before the last SFID: `_fresh_beyond` and `_late_credit`."""

    def take(self, side: Side, command: Command) -> list[Flaw]:
        """Move on by one command (not DATA) of `side`; return the rules that it breaks."""
        self._flaws, self.dropped, self.nothing_left, self.just_agreed = [], False, 0, False
        kind = type(command)
        if isinstance(command, EndSession):
            self._end(side, command)
        elif isinstance(command, SetCredit) and side is self._late_credit:
            self._take_late_credit()
        elif self._check_order(side, FORM_OF[kind].name):
            handler = _HANDLERS.get(kind)
            self._move(side, FORM_OF[kind].name, handler(self, side, command) if handler else When.ALWAYS)
        return self._flaws

    @property
    def offered_level(self) -> int:
        """The level in the Initiator's SSID; 0 before it."""
        return self._ssid.level if self._ssid else 0

    def before_levels(self, side: Side, name: str) -> list[Flaw]:
        """Return what is wrong with a command as long as no SSID has told a level by which to read it."""
        self._flaws = []
        if self.phase in (Phase.READY, Phase.OFFER):
            self._check_order(side, name)
        return self._flaws

    def take_data(self, side: Side, buffer: memoryview) -> tuple[Flaw, ...] | list[Flaw]:
        """Count one data buffer (its command octet first). Raises InvalidBufferError if it has no reading."""
        if side is not self.data_from or self._transfer is None:
            self._flaws, self.dropped = [], False
            self._check_order(side, "DATA")
            return self._flaws
        flaws = self._transfer.take(buffer)
        self._spend_credit(side, 1)
        return flaws

    def take_run(self, side: Side, view: memoryview, at: int, end: int) -> int:
        """Count data buffers of `data_from` that are alike, from the stream buffer `view[at:end]` on; return how many.

        As far as the credit goes; 0 if the first is one for `take_data`.
        """
        assert self._transfer is not None
        buffers = self._transfer.take_run(view, at, end, self._credit)
        self._spend_credit(side, buffers)
        return buffers

    def _spend_credit(self, side: Side, buffers: int) -> None:
        self._credit -= buffers
        if self._credit <= 0:
            self._move(side, "DATA", When.LAST_CREDIT)

    # --- order ------------------------------------------------------------------------------------------------------

    def _role(self, side: Side) -> Role:
        if self._speaker is None:
            return Role.INITIATOR if side is Side.INITIATOR else Role.RESPONDER
        return Role.SPEAKER if side is self._speaker else Role.LISTENER

    def _check_order(self, side: Side, name: str) -> bool:
        role = self._role(side)
        if legal(self.phase, role, name):
            return True
        self._flaw(violation(self.phase, role, name), f"{name} of the {role.value}, due is {self.phase.value}")
        return False

    def _move(self, side: Side, name: str, when: When) -> None:
        self.phase = NEXT[self.phase, self._role(side), name, when]
        if self._speaker is None and self.phase is Phase.IDLE:
            self._speaker = Side.INITIATOR
        if name == "CD":
            self._speaker = side.other
        self.data_from = self._speaker if self.phase is Phase.DATA else None

    def _flaw(self, rule: str, text: str = "", field: str = "") -> None:
        self._flaws.append(Flaw(rule, 0, field, text or RULES[rule].meaning))

    # --- start and end of the session -------------------------------------------------------------------------------

    def _on_start_session(self, _side: Side, ssid: StartSession) -> When:
        self._flaws += self._demands.flaws(ssid)
        if self._ssid is None:
            self._ssid = ssid
            return When.ALWAYS
        if ssid.level in FUTURE_LEVELS:
            self._flaw("FLD-ENUM", "level of the future in an answer", "SSIDLEV")
        agreement, flaws = agree(self._ssid, ssid)
        self._flaws += flaws
        self.agreement, self.just_agreed = agreement, True
        self.happened.append(
            SessionAgreed(
                initiator=self._ssid.code,
                responder=ssid.code,
                level=agreement.level,
                buffer_size=agreement.buffer_size,
                credit=agreement.credit,
                compression=agreement.compression,
                restart=agreement.restart,
                authentication=agreement.authentication,
            )
        )
        return When.AUTHENTICATION if agreement.authentication else When.ALWAYS

    def _end(self, side: Side, esid: EndSession) -> None:
        """RFC 5024 3.4: abnormally at any time by any side; normally by the Speaker who has just got the turn."""
        if self.phase is Phase.READY:
            early = "SEQ-CMD/early-end" if esid.reason in _EARLY_ENDS else "SEQ-CMD"
            self._flaw("SEQ-FIRST" if side is Side.INITIATOR else early)
        elif esid.reason == EndReason.NORMAL and not self._fresh_turn_of(side):
            own = self.phase is Phase.IDLE and side is self._speaker
            self._flaw("SEQ-ESID0/turn" if own else "SEQ-ESID0", f"normal end, due is {self.phase.value}", "ESIDREAS")
        self.phase, self.data_from, self.ended_by = Phase.ENDED, None, side
        self.happened.append(SessionEnded(side, esid.reason, esid.text))

    def _fresh_turn_of(self, side: Side) -> bool:
        return self._fresh_turn and self.phase is Phase.IDLE and side is self._speaker

    # --- the turn ---------------------------------------------------------------------------------------------------

    def _on_change_direction(self, _side: Side, _command: ChangeDirection) -> When:
        if self._fresh_turn:
            self._flaw("SEQ-CDLOOP")
        elif self._fresh_beyond:
            self.nothing_left = self._declined
        self._fresh_turn = self._fresh_beyond = self.phase is Phase.IDLE  # one that was asked for is no offer to end
        self._declined = 0
        self._exchanged()
        return When.ALWAYS

    def _on_receipt(self, side: Side, receipt: EndToEndResponse | NegativeEndResponse) -> When:
        self._fresh_turn = self._fresh_beyond = False
        negative = receipt if isinstance(receipt, NegativeEndResponse) else None
        self.happened.append(
            ReceiptPassed(
                kind="NERP" if negative else "EERP",
                sender=side,
                name=receipt.name,
                date=receipt.date,
                time=receipt.time,
                destination=receipt.destination,
                originator=receipt.originator,
                signed=bool(receipt.signature),
                reason=negative.reason if negative else 0,
                text=negative.text if negative else "",
                creator=negative.creator if negative else "",
            )
        )
        return When.ALWAYS

    def _on_ready_to_receive(self, _side: Side, _command: ReadyToReceive) -> When:
        self._exchanged()
        return When.ALWAYS

    def _exchanged(self) -> None:
        """Count what brings no content. It is legal for ever: real stations send hundreds of duplicates."""
        self._exchanges += 1
        if self._exchanges % EXCHANGES == 0:
            self.happened.append(NothingMoved(self._exchanges))

    # --- a file -----------------------------------------------------------------------------------------------------

    def _on_start_file(self, side: Side, sfid: StartFile) -> When:
        assert self.agreement is not None
        self._before_offer = self._fresh_beyond, self._late_credit
        agreed, self._fresh_turn, self._fresh_beyond, self._sfid = self.agreement, False, False, sfid
        self._late_credit = None
        if not (agreed.initiator_sends if side is Side.INITIATOR else agreed.responder_sends):
            self._flaw("SEQ-MODE")
        if sfid.restart and not agreed.restart:
            self._flaw("SEM-REST", field="SFIDREST")
        self._flaws += self._demands.of_files(side).flaws(sfid)
        self.happened.append(
            FileOffered(
                sender=side,
                name=sfid.name,
                date=sfid.date,
                time=sfid.time,
                destination=sfid.destination,
                originator=sfid.originator,
                format=sfid.format,
                record_length=sfid.record_length,
                size_k=sfid.size_k,
                restart=sfid.restart,
                security=sfid.security,
                cipher=sfid.cipher,
                compression=sfid.compression,
                envelope=sfid.envelope,
                signed_receipt=sfid.signed_receipt,
            )
        )
        return When.ALWAYS

    def decline(self, rule: str) -> None:
        """Take back the SFID just taken: its sender is answered by the verifier, and the Listener never sees it."""
        assert self._sfid is not None
        self.happened.append(FileDeclined(self._sfid.name, self._sfid.date, self._sfid.time, rule))
        self.phase, self._sfid = Phase.IDLE, None
        self._fresh_beyond, self._late_credit = self._before_offer
        self._declined += 1
        self._exchanged()

    def _on_start_file_accepted(self, side: Side, sfpa: StartFileAccepted) -> When:
        assert self.agreement is not None
        assert self._sfid is not None
        if sfpa.restart > self._sfid.restart:
            text = f"{RULES['SEM-ACNT'].meaning}: {sfpa.restart}, offered was {self._sfid.restart}"
            self._flaw("SEM-ACNT", text, "SFPAACNT")
        most = self._demands.of_files(side.other).max_octets
        self._transfer = Transfer(self._sfid, compression=self.agreement.compression, start=sfpa.restart, most=most)
        self._credit = self.agreement.credit
        self.happened.append(FileStarted(sfpa.restart))
        return When.ALWAYS

    def _on_start_file_refused(self, _side: Side, sfna: StartFileRefused) -> When:
        assert self._sfid is not None
        name, date, time = self._sfid.name, self._sfid.date, self._sfid.time
        self.happened.append(FileRefused(name, date, time, sfna.reason, sfna.text, sfna.retry))
        self._sfid = None
        self._exchanged()
        return When.ALWAYS

    def _on_set_credit(self, _side: Side, _command: SetCredit) -> When:
        assert self.agreement is not None
        self._credit = self.agreement.credit
        return When.ALWAYS

    def _take_late_credit(self) -> None:
        """The Speaker did not wait for it and would not expect it any more."""
        self._flaw("SEQ-CDT/late")
        self._late_credit, self.dropped = None, True

    def _on_end_file(self, side: Side, efid: EndFile) -> When:
        assert self._transfer is not None
        if self.phase is Phase.CREDIT:
            self._flaw("SEQ-EFID")
            self._late_credit = side.other
        self._flaws += self._transfer.end(efid)
        return When.ALWAYS

    def _on_end_file_accepted(self, _side: Side, efpa: EndFileAccepted) -> When:
        self._file_ended(accepted=True)
        return When.TURN_WANTED if efpa.change_direction else When.ALWAYS

    def _on_end_file_refused(self, _side: Side, efna: EndFileRefused) -> When:
        self._file_ended(accepted=False, reason=efna.reason, text=efna.text)
        return When.ALWAYS

    def broken_off(self) -> FileBrokenOff | None:
        """Return the file under way, if there is one, as what it is when the session ends now.

        One that was refused as it was offered never was under way: nobody was told of its beginning.
        """
        if self._sfid is None or any(isinstance(happening, FileOffered) for happening in self.happened):
            return None
        sfid, file = self._sfid, self._transfer
        records = file.records if file and file.has_records else 0
        return FileBrokenOff(sfid.name, sfid.date, sfid.time, file.octets if file else 0, records)

    def under_way(self) -> FileUnderWay | None:
        """Return the file that is under way now, None if there is none."""
        sfid, file = self._sfid, self._transfer
        if sfid is None or self._speaker is None:
            return None
        return FileUnderWay(self._speaker, sfid.name, file.reached if file else 0, sfid.size_k * BLOCK)

    def _file_ended(self, *, accepted: bool, reason: int = 0, text: str = "") -> None:
        assert self._transfer is not None
        file, sfid = self._transfer, self._transfer.offer
        records = file.records if file.has_records else 0
        ended = FileEnded(
            sfid.name, sfid.date, sfid.time, file.octets, records, accepted, reason, text, as_lines=file.as_lines
        )
        self.happened.append(ended)
        self._sfid = self._transfer = None
        if file.octets:
            self._exchanges = 0
        else:
            self._exchanged()


_HANDLERS: dict[type, Callable[[Conversation, Side, Any], When]] = {
    StartSession: Conversation._on_start_session,
    ChangeDirection: Conversation._on_change_direction,
    EndToEndResponse: Conversation._on_receipt,
    NegativeEndResponse: Conversation._on_receipt,
    ReadyToReceive: Conversation._on_ready_to_receive,
    StartFile: Conversation._on_start_file,
    StartFileAccepted: Conversation._on_start_file_accepted,
    StartFileRefused: Conversation._on_start_file_refused,
    SetCredit: Conversation._on_set_credit,
    EndFile: Conversation._on_end_file,
    EndFileAccepted: Conversation._on_end_file_accepted,
    EndFileRefused: Conversation._on_end_file_refused,
}
