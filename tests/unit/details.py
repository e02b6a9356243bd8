"""What tests of mains share that look at DEBUG and TRACE: a subject's lines, kept in a list."""

import re

from seon.daemon.detail import Detail
from seon.net.handshakes import Tell
from seon.process.pace import Pace


class Lines(Detail):
    """Keeps what is said, without its milliseconds; of handshakes apart."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.handshakes: list[str] = []

    def wanted(self) -> bool:
        return True

    def say(self, text: str) -> None:
        self.said.append(re.sub(r" \(\d+\.\d ms\)$", "", text))

    def pace(self, about: str) -> Pace:
        return Pace(self.wanted, lambda text: self.say(f"{about} {text}"))

    def handshake(self, peer: str) -> Tell | None:
        return self.handshakes.append
