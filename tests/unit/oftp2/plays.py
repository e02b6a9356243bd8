"""The verifier, told as sessions: who sends what, and what becomes of it.

`I:SFID(restart=5)` is a command of the Initiator with a field changed, `I:DATA*3` three data buffers, LAST the one that
ends the file.
"""

import re
from dataclasses import replace
from typing import Any

from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.demands import Demands
from seon.oftp2.framing import frame
from seon.oftp2.layouts import FORMS
from seon.oftp2.observer import Inspection, SessionObserver, Side
from seon.oftp2.rules import Policy

ONE, TWO = Side.INITIATOR, Side.RESPONDER
SSID = c.StartSession(5, "O0013", "SECRETPW", 128, "B", False, True, False, 2)
COMMANDS: dict[str, c.Command] = {
    "SSRM": c.StartSessionReady(),
    "SSID": SSID,
    "SECD": c.SecurityChangeDirection(),
    "AUCH": c.AuthenticationChallenge(b"CHALLENGE"),
    "AURP": c.AuthenticationResponse(b"r" * 20),
    "SFID": c.StartFile("NAME", "20260131", "2359580001", "", "DEST", "ORIG", "U", 0, 1),
    "SFPA": c.StartFileAccepted(0),
    "SFNA": c.StartFileRefused(2, retry=False),
    "CDT": c.SetCredit(),
    "EFID": c.EndFile(0, 0),
    "EFPA": c.EndFileAccepted(),
    "EFNA": c.EndFileRefused(11),
    "CD": c.ChangeDirection(),
    "RTR": c.ReadyToReceive(),
    "ESID": c.EndSession(0),
    "EERP": c.EndToEndResponse("NAME", "20260131", "2359580001", "", "DEST", "ORIG"),
    "NERP": c.NegativeEndResponse("NAME", "20260131", "2359580001", "DEST", "ORIG", "CREA", 34),
}
COMMAND_OCTETS = {form.name: bytes([form.code]) for form in FORMS.values()}
DATA, LAST = frame(b"D\x05HELLO"), frame(b"D\x85HELLO")
START = "R:SSRM I:SSID R:SSID"


class Play:
    """A session with what the verifier said of it, and the octets it let through."""

    def __init__(
        self,
        policy: Policy | None = None,
        codes: dict[Side, frozenset[str]] | None = None,
        demands: Demands | None = None,
    ) -> None:
        self.observer = SessionObserver(policy or Policy.named("strict"), codes, demands)
        self.level = 5
        self.octets = 0
        self.seen: list[Inspection] = []

    def send(self, side: Side, octets: bytes) -> Inspection:
        seen = self.observer.inspect(side, memoryview(octets))
        self.seen.append(seen)
        return seen

    def run(self, script: str, **ssid: Any) -> "Play":
        for word in script.split():
            match = re.fullmatch(r"([IR]):(\w+)(?:\((.*)\))?(?:\*(\d+))?", word)
            assert match, word
            for _ in range(int(match[4] or 1)):
                self.send(Side(match[1]), self._octets(match[2], match[3] or "", ssid))
        return self

    def _octets(self, name: str, changes: str, ssid: dict[str, Any]) -> bytes:
        if name in ("DATA", "LAST"):
            self.octets += 5
            return DATA if name == "DATA" else LAST
        values: dict[str, Any] = {}
        for change in filter(None, changes.split(",")):
            key, value = change.split("=")
            values[key] = int(value) if value.isdigit() else value == "Y" if value in "YN" else value
        if name == "EFID" and "octets" not in values:
            values["octets"] = self.octets
        if self.level < 4 and name in ("SFID", "EERP"):
            values |= {"date": "260131", "time": "235958"}
        command = replace(COMMANDS[name], **(ssid if name == "SSID" else {}) | values)
        if isinstance(command, c.StartSession):
            self.level = min(self.level, command.level)
        return frame(encode(command, self.level))

    @property
    def rules(self) -> list[str]:
        return [finding.rule for seen in self.seen for finding in seen.findings]

    @property
    def refused(self) -> str:
        return next((seen.refusal.rule for seen in self.seen if seen.refusal), "")

    @property
    def happenings(self) -> list[object]:
        return [event for seen in self.seen for event in seen.happenings]
