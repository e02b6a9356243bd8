"""A site whose daemons have hostile session processes (`adversary.daemons`)."""

import json
import re
import sys
from datetime import datetime
from pathlib import Path

from functional.harness import FOREGROUND, Site
from functional.processes import eventually
from seon.cli.quickstart.processes import Process

_SCRIPT = Path(__file__).with_name("daemons.py")


class HostileSite(Site):
    """A site; only what `bodies` names is hostile there."""

    def launch_server(self) -> Process:
        """Start the server in the DMZ."""
        arguments = ["-i", f"127.0.0.1:{self.ports.internal}", "-l", str(self.layout.license_file)]
        return self._launch_script("server", arguments)

    def launch_client(self, *more: str) -> Process:
        """Start the client."""
        arguments = ["-U", f"https://127.0.0.1:{self.ports.seonapi}", "-S", f"127.0.0.1:{self.ports.internal}", "-T",
                     f"@{self.layout.token_file}", *more]  # fmt: skip
        return self._launch_script("client", arguments)

    def _launch_script(self, name: str, arguments: list[str]) -> Process:
        output = self.layout.output / f"{name}.{len(self.leaders)}.txt"
        command = [sys.executable, str(_SCRIPT), name, *FOREGROUND, *arguments]
        process = Process(name, command, output, self.layout.root / name)
        self.running[name] = process
        self.leaders.append(process.pid)
        return process

    def bodies(self, side: str, **by_partner: str) -> None:
        """From now on the session processes of these partners have these bodies, on one host."""
        file = self.layout.root / side / "bodies.json"
        file.with_suffix(".new").write_text(json.dumps(by_partner))
        file.with_suffix(".new").replace(file)

    def lines(self, side: str, pattern: str) -> list[str]:
        """Return the lines of a log that match."""
        return [line for line in self.log(side).splitlines() if re.search(pattern, line)]

    def line(self, side: str, pattern: str, seconds: float = 20.0, but: int = 0) -> str:
        """Wait for a line of a log that matches, beyond so many that were there before; return the newest."""
        eventually(lambda: len(self.lines(side, pattern)) > but, seconds, why=f"{pattern} in the log of the {side}")
        return self.lines(side, pattern)[-1]

    def sessions_of(self, side: str, partner: str) -> list[int]:
        """Return the process ids of the sessions with a partner."""
        return [seen.pid for seen in self.sessions(side) if f"partner {partner}," in seen.title]


def moment(line: str) -> float:
    """Return when a line of a log was written."""
    return datetime.fromisoformat(line[:23]).timestamp()


def session_in(line: str) -> str:
    """Return the session that a line of a log is about."""
    found = re.search(r"\[([\w.-]+)\]", line)
    assert found, line
    return found[1]
