"""Tracing is switched on and off at any moment, and whatever becomes of it, the session does not notice."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from seon.events import CATALOGUE
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.packing import pack
from seon.oftp2.rules import Policy, Profile
from seon.oftp2.transcript import Read, Replay, parse, replay
from seon.session import trace, tracing
from seon.session.trace import Trace
from seon.session.tracing import TracedObserver, Tracer

VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "sessions").glob("*.oftp"))
WHOLE = next(path for path in VECTORS if path.name == "T04-level5.oftp")


class Site:
    """A program's directory, what it reports, and its switch."""

    def __init__(self, home: Path, *, on: bool = True) -> None:
        self.home, self.on = home, on
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.tracer = Tracer("abc-dmz", "session abc", home=self.home, wanted=lambda: self.on, report=self._report)

    def _report(self, code: str, **fields: Any) -> None:
        assert set(CATALOGUE[code].fields) == set(fields)
        self.events.append((code, fields))

    def observer(self, profile: Profile = "default") -> TracedObserver:
        return TracedObserver(Policy.named(profile), tracer=self.tracer)

    @property
    def codes(self) -> list[str]:
        return [code for code, _ in self.events]

    @property
    def files(self) -> list[Path]:
        return sorted((self.home / "traces").glob("*")) if (self.home / "traces").exists() else []


@pytest.fixture
def site(tmp_path) -> Site:
    return Site(tmp_path)


def reads_of(path: Path) -> list[Read]:
    return list(parse(path.read_text()))


def said(result: Replay) -> list[tuple[object, ...]]:
    problems = [*result.findings, *([result.refusal] if result.refusal else [])]
    return [(one.rule, one.side, one.stb, one.offset, one.text) for one in problems]


@pytest.mark.parametrize("profile", ["default", "strict"])
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.name)
def test_the_verifier_says_of_a_trace_what_it_said_of_the_session(site, path, profile) -> None:
    real = replay(reads_of(path), site.observer(profile))
    assert real == replay(reads_of(path), SessionObserver(Policy.named(profile))), "tracing changes nothing"
    site.tracer.end("done")
    (file,) = site.files
    assert said(replay(parse(file.read_text()), SessionObserver(Policy.named(profile)))) == said(real)
    assert site.codes == ["SES-TRACE", "SES-TRACED"]
    assert site.events[1][1] == {"file": str(file), "octets": file.stat().st_size, "left_out": 0}


def test_the_first_lines_say_what_it_is(site) -> None:
    site.observer()
    text = site.files[0].read_text()
    assert "# Seon SmartProxy" in text
    assert "trace of session abc" in text
    assert "blanked" in text
    assert "middle" not in text


def test_a_session_in_which_nothing_happens_has_a_trace_too(site) -> None:
    site.observer()
    site.tracer.end("no octet for 300 s")
    assert site.files[0].read_text().endswith("# end: no octet for 300 s\n")


def test_without_being_wanted_there_is_no_file_and_no_directory(tmp_path) -> None:
    site = Site(tmp_path, on=False)
    replay([*reads_of(WHOLE), Read(Side.INITIATOR, None)], site.observer())
    site.tracer.end("done")
    assert list(tmp_path.iterdir()) == []
    assert site.events == []


def test_a_trace_that_begins_in_the_middle_says_so(tmp_path) -> None:
    site = Site(tmp_path, on=False)
    observer, reads = site.observer(), reads_of(WHOLE)
    replay(reads[:3], observer)
    site.on = True
    replay(reads[3:], observer)
    site.tracer.end("done")
    text = site.files[0].read_text()
    assert "it begins in the middle of the session" in text
    assert b"".join(read.octets or b"" for read in parse(text))
    assert not any((read.octets or b"")[4:5] == b"I" for read in parse(text)), "SSRM was before"


def test_a_trace_that_is_switched_on_before_the_first_octet_is_whole(tmp_path) -> None:
    site = Site(tmp_path, on=False)
    observer = site.observer()
    site.on = True
    real = replay(reads_of(WHOLE), observer)
    site.tracer.end("done")
    assert "middle" not in site.files[0].read_text()
    assert said(replay(parse(site.files[0].read_text()), SessionObserver(Policy()))) == said(real)


def test_switched_off_it_ends_and_switched_on_again_it_is_another(site) -> None:
    observer, reads = site.observer(), reads_of(WHOLE)
    for number, read in enumerate(reads):
        site.on = number not in (3, 4)
        replay([read], observer)
    site.tracer.end("done")
    assert [file.name for file in site.files] == ["abc-dmz-2.oftp", "abc-dmz.oftp"]
    second, first = (file.read_text() for file in site.files)
    assert first.endswith("# end: tracing was switched off\n")
    assert len(list(parse(first))) == 3
    assert "begins in the middle" in second
    assert site.codes == ["SES-TRACE", "SES-TRACED"] * 2


def test_the_end_is_written_once(site) -> None:
    site.observer()
    site.tracer.end("done")
    site.tracer.end("done")
    assert site.codes == ["SES-TRACE", "SES-TRACED"]


@pytest.mark.parametrize("step", [1, 3, 7, 50])
def test_however_the_octets_are_cut_the_trace_has_the_same_buffers(tmp_path, step) -> None:
    found = []
    for cut in (10**9, step):
        site = Site(tmp_path / str(cut))
        site.home.mkdir()
        observer = site.observer()
        tails = dict.fromkeys(Side, b"")
        for read in reads_of(WHOLE):
            octets = read.octets or b""
            for at in range(0, len(octets), cut):
                tail = tails[read.side] + octets[at : at + cut]
                seen = observer.inspect(read.side, memoryview(tail))
                tails[read.side] = tail[seen.forward + seen.drop :]
        found.append([line for line in site.files[0].read_text().splitlines() if not line.startswith("#")])
    assert found[0] == found[1]


def test_a_big_file_is_shortened_and_the_verifier_finds_the_counts_wrong_and_nothing_else(site, monkeypatch) -> None:
    monkeypatch.setattr(trace, "MAX_FILE_CONTENT", 5_000)
    i, r = Side

    def ssid(code: str) -> bytes:
        return encode(c.StartSession(5, code, "PW", 1_000, "B", False, False, False, 2), 5)

    content = list(pack([(b"Q" * 9_000, True)], 1_000, compression=False))
    observer = site.observer()
    session = [(r, encode(c.StartSessionReady(), 5)), (i, ssid("A")), (r, ssid("B"))]
    session.append((i, encode(c.StartFile("F", "20260101", "1200000001", "", "T", "F", "U", 0, 9, 9), 5)))
    session.append((r, encode(c.StartFileAccepted(0), 5)))
    for at in range(0, len(content), 2):
        session += [*((i, buffer) for buffer in content[at : at + 2]), (r, b"C  ")]
    session += [(i, encode(c.EndFile(0, 9_000), 5)), (r, encode(c.EndFileAccepted(False), 5))]
    real = replay([Read(side, frame(oeb)) for side, oeb in session], observer)
    assert not real.refusal
    assert not real.findings
    site.tracer.end("done")
    again = replay(parse(site.files[0].read_text()), SessionObserver(Policy()))
    assert not again.refusal
    assert {finding.rule for finding in again.findings} == {"DAT-END", "SEM-UCNT"}
    assert [type(event) for event in again.happenings] == [type(event) for event in real.happenings]
    assert site.events[-1][1]["left_out"] > 7_000


# --- trouble --------------------------------------------------------------------------------------------------------


def check_undisturbed(site: Site) -> None:
    assert replay(reads_of(WHOLE), site.observer()) == replay(reads_of(WHOLE), SessionObserver(Policy()))
    site.tracer.end("done")
    assert site.codes.count("SES-NOTRACE") == 1, "said once"
    assert site.codes[-1] == "SES-NOTRACE"


def test_a_directory_that_cannot_be_made_ends_the_trace_only(site) -> None:
    (site.home / "traces").write_text("a file in its place")
    check_undisturbed(site)
    assert site.codes == ["SES-NOTRACE"]


def test_a_home_that_is_gone_ends_the_trace_only(site) -> None:
    site.home.rmdir()
    check_undisturbed(site)
    assert site.events[0][1]["reason"] == "no such file or directory"


def test_a_fault_of_our_own_ends_the_trace_only_and_shows_nothing_of_it(site, monkeypatch) -> None:
    def fault(*_: object, **__: object) -> None:
        raise ValueError("PASSWORD")

    monkeypatch.setattr(Trace, "inspected", fault)
    check_undisturbed(site)
    assert site.events[-1][1] == {"reason": "ValueError"}


def test_a_full_disk_ends_the_trace_only(alone, tmp_path) -> None:
    alone(full_disk, tmp_path, WHOLE)


def full_disk(home: str, path: str) -> None:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (900, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    site = Site(Path(home))
    real = replay(reads_of(Path(path)), site.observer())
    assert real == replay(reads_of(Path(path)), SessionObserver(Policy()))
    site.tracer.end("done")
    assert site.codes == ["SES-TRACE", "SES-NOTRACE"]
    assert "too large" in site.events[1][1]["reason"]
    assert len(list(parse(site.files[0].read_text()))) > 1, "what was written stays a transcript"


def test_a_full_disk_at_the_first_line_leaves_no_descriptor(site, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tracing.TraceFile, "write", full)
    before = len(list(Path("/proc/self/fd").iterdir()))
    check_undisturbed(site)
    assert site.events == [("SES-NOTRACE", {"reason": "no space left on device"})]
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_last_words_that_cannot_be_written_are_no_written_trace(site, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    site.observer()
    monkeypatch.setattr(tracing.TraceFile, "write", full)
    site.tracer.end("done")
    assert site.codes == ["SES-TRACE", "SES-NOTRACE"]


# --- damaged sessions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_session_is_traced_without_trouble(site, seed) -> None:
    rng = Random(seed)
    reads = reads_of(rng.choice(VECTORS))
    for _ in range(2):
        at = rng.randrange(len(reads))
        octets = bytearray(reads[at].octets or b"\0")
        octets[rng.randrange(len(octets))] = rng.randrange(256)
        reads[at] = Read(reads[at].side, bytes(octets))
    real = replay(reads, site.observer())
    site.tracer.end("done")
    assert site.codes == ["SES-TRACE", "SES-TRACED"]
    assert said(replay(parse(site.files[0].read_text()), SessionObserver(Policy()))) == said(real)
