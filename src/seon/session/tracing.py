"""Whether a session is traced, from its first octet or from any moment on; and the verifier that shows what it sees."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

from seon import __version__
from seon.oftp2.demands import Demands
from seon.oftp2.observer import Inspection, SessionObserver, Side
from seon.oftp2.rules import Policy
from seon.override import override
from seon.process.events import Report
from seon.session.command_log import CommandLog
from seon.session.trace import Trace
from seon.session.trace_file import DIRECTORY, TraceFile

_WHAT_IT_IS = (
    "passwords, challenges and responses are blanked, the contents of files are zeros",
    "names of files, identification codes and texts are as they were sent",
)
_LATE = "it begins in the middle of the session: what came before is not in it"
"""Such a trace has no SSRM, so the verifier has nothing to say of it."""


class Tracer:
    """Writes the traces of one session: one for each time that it is switched on.

    `stem` and `about` name the session in the file's name and in its first lines; `home` is the program's directory.
    """

    def __init__(self, stem: str, about: str, *, home: Path, wanted: Callable[[], bool], report: Report) -> None:
        self._stem, self._about = stem, about
        self._home, self._wanted, self._report = home, wanted, report
        self._trace: Trace | None = None
        self._late = False
        self._broken = False

    def look(self) -> None:
        """Begin or end a trace if that is what is wanted now. Asked before each write: it must cost nothing."""
        if self._wanted() is (self._trace is not None) or self._broken:
            return
        if self._trace:
            self.end("tracing was switched off")
        else:
            self._attempt(self._begin)

    def inspected(self, side: Side, view: memoryview, seen: Inspection, level: int, *, over: bool) -> None:
        """Write an inspection; see Trace."""
        self._late = True
        if trace := self._trace:
            self._attempt(lambda: trace.inspected(side, view, seen, level, over=over))

    def stream_ended(self, side: Side, tail: int, seen: Inspection) -> None:
        """Write the end of a side's stream; see Trace."""
        if trace := self._trace:
            self._attempt(lambda: trace.stream_ended(side, tail, seen))

    def own(self, side: Side, octets: bytes) -> None:
        """Write what the proxy has queued for a side to end the session; see Trace."""
        if trace := self._trace:
            self._attempt(lambda: trace.own(side, octets))

    def end(self, why: str) -> None:
        """End the trace, if there is one."""
        trace = self._trace
        if trace is None:
            return
        self._attempt(lambda: trace.ended(why))
        if self._trace:
            self._trace = None
            trace.file.close()
            self._report("SES-TRACED", file=str(trace.file.path), octets=trace.file.size, left_out=trace.left_out)

    def _begin(self) -> None:
        file = TraceFile(self._home / DIRECTORY, self._stem)
        now = dt.datetime.now(dt.UTC)
        heading = [f"Seon SmartProxy {__version__}, trace of {self._about}", f"begun {now:%Y-%m-%d %H:%M:%S} UTC"]
        self._trace = Trace(file)
        self._trace.begin([*heading, *_WHAT_IT_IS, *([_LATE] if self._late else [])])
        self._report("SES-TRACE", file=str(file.path))

    def _attempt(self, what: Callable[[], None]) -> None:
        """Do what may fail without any harm to the session: then there is no trace any more, and an event says so."""
        try:
            what()
        except Exception as error:
            self._broken = True
            trace, self._trace = self._trace, None
            if trace:
                trace.file.close()
            self._report("SES-NOTRACE", reason=_words(error))


def _words(error: Exception) -> str:
    """Say what went wrong, but nothing that may hold what was to be written."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__


class TracedObserver(SessionObserver):
    """A verifier whose session can be traced, and its commands logged. What it says does not depend on that."""

    def __init__(
        self,
        policy: Policy,
        codes: Mapping[Side, frozenset[str]] | None = None,
        demands: Demands | None = None,
        *,
        declines: bool = False,
        names_rules: bool = True,
        tracer: Tracer,
        commands: CommandLog | None = None,
    ) -> None:
        super().__init__(policy, codes, demands, declines=declines, names_rules=names_rules)
        self.tracer, self.commands = tracer, commands
        tracer.look()

    @override
    def inspect(self, side: Side, view: memoryview) -> Inspection:
        tracer = self.tracer
        tracer.look()
        seen = super().inspect(side, view)
        over = self.ended or self._deaf
        tracer.inspected(side, view, seen, self._lowest, over=over)
        if self.commands:
            self.commands.inspected(side, view, seen, self._lowest, over=over)
        return seen

    @override
    def end_of_stream(self, side: Side, tail: int) -> Inspection:
        self.tracer.look()
        seen = super().end_of_stream(side, tail)
        self.tracer.stream_ended(side, tail, seen)
        if self.commands:
            self.commands.stream_ended(side)
        return seen
