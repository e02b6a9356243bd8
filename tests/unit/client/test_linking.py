"""The link is dialled, renewed, and dialled again; an established one that ends ends the client."""

import asyncio
import itertools

import pytest

from seon.client import linking as module
from seon.client.control import SilentError
from seon.client.linking import Linking
from seon.daemon.log import Log
from seon.daemon.tasks import Tasks
from seon.link import messages as m
from seon.net.channel import EndOfStream, TlsError
from seon.process.backoff import PAUSES, REMINDERS, Backoff


class Control:
    """A link that stands until the test ends it, with a reason or an exception."""

    def __init__(self) -> None:
        self.served = False
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self, _owner: object) -> str:
        self.served = True
        try:
            return await self._over
        finally:
            self.served = False

    def end(self, how: str | Exception) -> None:
        if isinstance(how, Exception):
            self._over.set_exception(how)
        else:
            self._over.set_result(how)


class Uplink:
    """Dials to what the test puts into `answers`: links, or why there is none."""

    def __init__(self) -> None:
        self.renewed = asyncio.Event()
        self.answers: list[Control | Exception] = []
        self.renewing = asyncio.get_running_loop().create_future()
        self.issued: list[Exception] = []
        """What is wrong with the certificates that come before one that can be used."""
        self.enrolled = 0

    async def enrol(self) -> None:
        if self.issued:
            raise self.issued.pop(0)
        self.enrolled += 1

    async def renew_forever(self, enrol) -> None:
        await self.renewing
        await enrol()
        self.renewed.set()

    async def dial(self) -> tuple[Control, str]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer, "link"


class Owner:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.failed: list[str] = []

    def linked(self, control: Control, _link: str) -> None:
        self.told.append(control)

    def unlinked(self, reason: str) -> None:
        self.told.append(reason)

    def not_linked(self, reason: str) -> None:
        self.failed.append(reason)


@pytest.fixture
def play(reported, tmp_path):
    """Run a scene with a client that keeps its link: (uplink, owner, running, lost, troubles)."""

    def run(scene, loop_factory=None) -> None:
        async def live() -> None:
            lost, troubles, uplink, owner = [], [], Uplink(), Owner()
            tasks = Tasks(lambda name, error: troubles.append((name, error)))
            linking = Linking(uplink, "dmz.example:2878", reported, Log(tmp_path, "log"), tasks)
            running = asyncio.ensure_future(linking.run(owner, lost.append))
            uplink.lost, uplink.troubles = lost, troubles
            async with asyncio.timeout(100_000):
                await scene(uplink, owner, running)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await tasks.end()

        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(live())

    return run


@pytest.fixture
def without_pauses(monkeypatch) -> None:
    monkeypatch.setattr(module, "Backoff", lambda: Backoff((0.001,)))


# --- a server that is not there ---------------------------------------------------------------------------------------


class Clock(asyncio.SelectorEventLoop):
    """A loop whose clock jumps over every pause."""

    jumped = 0.0

    def time(self) -> float:
        return super().time() + self.jumped


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """The pauses that were jumped over."""
    seen, sleep = [], asyncio.sleep

    async def jump(seconds: float) -> None:
        if seconds:
            asyncio.get_running_loop().jumped += seconds
            seen.append(seconds)
        await sleep(0)

    monkeypatch.setattr(module.asyncio, "sleep", jump)
    return seen


def test_a_server_that_stays_away_is_said_again_at_growing_intervals(play, reported, pauses) -> None:
    """Said once it is forgotten, and said at every try it fills the log."""
    at = []

    async def scene(uplink, owner, running) -> None:
        loop = asyncio.get_running_loop()
        dial = uplink.dial

        async def noting() -> None:
            if len(reported.codes) > len(at):
                at.append(loop.time())
            uplink.answers = [ConnectionRefusedError("connection refused")]
            return await dial()

        uplink.dial = noting
        while len(at) < 7 and not running.done():
            await asyncio.sleep(0)

    play(scene, Clock)
    assert reported.codes[:7] == ["CLI-NOSERVER"] * 7
    gaps = [later - earlier for earlier, later in itertools.pairwise(at)]
    for gap, wanted in zip(gaps, (*REMINDERS, REMINDERS[-1], REMINDERS[-1]), strict=False):
        assert wanted - 1 <= gap <= wanted + 2 * max(PAUSES)
    assert pauses[: len(PAUSES) + 1] == [*PAUSES, PAUSES[-1]], "and it is tried again all the time"
    assert "connection refused" in reported.of("CLI-NOSERVER")["reason"]


def test_a_server_that_came_back_and_is_away_again_is_said_at_once(play, reported, without_pauses, until) -> None:
    async def scene(uplink, owner, running) -> None:
        for time in (1, 2):
            control = Control()
            uplink.answers += [ConnectionRefusedError(), ConnectionRefusedError(), control]
            if time == 2:
                owner.told[-1].end(SilentError("nothing was heard"))
            await until(lambda: control in owner.told)  # noqa: B023  # awaited here and now
            assert len(reported.codes) == time

    play(scene)


def test_silence_of_a_server_that_does_not_even_refuse_has_words(play, reported, without_pauses, until) -> None:
    async def scene(uplink, owner, running) -> None:
        uplink.answers += [TimeoutError(), Control()]
        await until(lambda: owner.told)

    play(scene)
    assert reported.of("CLI-NOSERVER")["reason"] == "no answer in time"


# --- a link that stands -----------------------------------------------------------------------------------------------


def test_the_end_of_an_established_link_is_the_end_of_it(play, until) -> None:
    async def scene(uplink, owner, running) -> None:
        control = Control()
        uplink.answers.append(control)
        await until(lambda: control.served)
        control.end("the server closed the link")
        await running
        assert owner.told == [control, "the server closed the link"]
        assert uplink.lost == ["the link has ended: the server closed the link"]

    play(scene)


def test_a_silent_link_is_dialled_again_and_is_no_end(play, until) -> None:
    async def scene(uplink, owner, running) -> None:
        one, two = Control(), Control()
        uplink.answers += [one, two]
        await until(lambda: one.served)
        one.end(SilentError("nothing was heard for 30 s"))
        await until(lambda: two.served)
        assert owner.told == [one, "nothing was heard for 30 s", two]
        assert uplink.lost == []

    play(scene)


def test_a_link_that_was_renewed_takes_the_place_of_the_old_one(play, until) -> None:
    async def scene(uplink, owner, running) -> None:
        links = [Control() for _ in range(3)]
        uplink.answers += links
        for link in links[1:]:
            await until(lambda: any(one.served for one in links))
            uplink.renewed.set()
            await until(lambda: link.served)  # noqa: B023  # awaited here and now
            await until(lambda: sum(one.served for one in links) == 1)
        assert owner.told == links, "it was linked all the time"
        links[-1].end("the server closed the link")
        await running
        assert uplink.lost

    play(scene)


def test_a_link_that_cannot_be_renewed_yet_is_kept(play, until, tmp_path) -> None:
    async def scene(uplink, owner, running) -> None:
        one, two = Control(), Control()
        uplink.answers += [one, ConnectionRefusedError("connection refused")]
        await until(lambda: one.served)
        uplink.renewed.set()
        await until(lambda: not uplink.answers)
        await asyncio.sleep(0.01)
        assert one.served
        uplink.answers.append(two)
        uplink.renewed.set()
        await until(lambda: two.served)
        assert owner.told == [one, two]

    play(scene)


def test_a_renewal_that_fails_is_told(play, until) -> None:
    async def scene(uplink, owner, running) -> None:
        control = Control()
        uplink.answers.append(control)
        await until(lambda: control.served)
        uplink.renewing.set_exception(RuntimeError("nobody thought of this"))
        await until(lambda: uplink.troubles)
        assert uplink.troubles[0][0] == "renewing the link certificate"

    play(scene)


# --- a certificate that cannot be used --------------------------------------------------------------------------------


def test_a_certificate_that_cannot_be_used_is_told_and_asked_for_again(play, until, reported, without_pauses) -> None:
    async def scene(uplink, owner, running) -> None:
        control = Control()
        uplink.answers.append(control)
        uplink.issued = [TlsError("no certificate"), TlsError("no certificate")]
        await until(lambda: control.served)
        assert uplink.enrolled == 1

    play(scene)
    assert reported.codes == ["CLI-NOAPI"], "said once at first"
    assert (
        reported.of("CLI-NOAPI")["reason"] == "the link certificate that it has issued cannot be used: no certificate"
    )


def test_the_same_for_one_that_comes_at_a_renewal_and_the_link_stays(play, until, reported, without_pauses) -> None:
    async def scene(uplink, owner, running) -> None:
        old, new = Control(), Control()
        uplink.answers += [old, new]
        await until(lambda: old.served)
        uplink.issued = [TlsError("no certificate")]
        uplink.renewing.set_result(None)
        await until(lambda: new.served)
        assert uplink.enrolled == 2
        assert (uplink.troubles, uplink.lost) == ([], [])

    play(scene)
    assert reported.codes == ["CLI-NOAPI"]


# --- the same with a whole client -------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_tried_again(alone, tmp_path) -> None:
    alone(tried_again, tmp_path)


def tried_again(directory: str) -> None:
    from inside import Inside

    module.Backoff = lambda: Backoff((0, 0.1, 0.1))

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.until("CLI-LINKED")

    inside = Inside(directory)
    serve, calls = inside._serve, []

    async def refuse_twice(tls) -> None:
        calls.append(tls)
        if len(calls) <= 2:
            tls.close()
        else:
            await serve(tls)

    inside._serve = refuse_twice
    assert inside.play(scene) == 0
    assert len(calls) == 3
    assert inside.log.path.read_text().count("CLI-NOSERVER") == 1, "said once, not at every try"


def test_silence_is_no_end(alone, tmp_path) -> None:
    alone(silence, tmp_path)


def silence(directory: str) -> None:
    from inside import Inside

    m.HEARTBEAT_SECONDS, m.DEAD_SECONDS = 0.05, 0.2

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.controls.get()
        await inside.until("nothing was heard")
        assert not inside.ended.done()

    assert Inside(directory).play(scene) == 0


def test_after_a_renewal_everything_goes_over_the_new_link(alone, tmp_path) -> None:
    alone(renewed, tmp_path)


def renewed(directory: str) -> None:
    from inside import Inside, Station, opening

    from seon.client import uplink
    from seon.process.events import EventMaker

    uplink.LOOK_SECONDS = 0.1
    event = EventMaker("dmz").make("SRV-END", reason="one")

    async def scene(inside: Inside) -> None:
        old = await inside.controls.get()
        await inside.until("CLI-LINKED")
        inside.hold = True
        await old.send(m.Events(1, (event,)))
        new = await inside.controls.get()
        inside.life = 3_600
        with pytest.raises(EndOfStream):
            await inside.next(old, m.EventsTaken)
        await new.send(m.Events(1, (event,)))  # what was not acknowledged comes again
        inside.hold = False
        assert (await inside.next(new, m.EventsTaken)).up_to == 1
        async with Station(b"").serving() as daemon:
            await inside.configure(receive_daemon=daemon)
            await inside.next(new, m.Offered)
            await new.send(opening())
            _, tls = await inside.join()
            tls.close()
            await inside.until("SES-END")
        assert not inside.logged("LNK-DOWN")

    inside = Inside(directory)
    inside.life = 2
    assert inside.play(scene) == 0
    assert not inside.logged("CLI-FAULT")
