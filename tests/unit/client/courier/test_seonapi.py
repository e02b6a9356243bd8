"""What is asked of Seonapi for the main: answers in the end, and words meanwhile."""

import asyncio
import hashlib
import time

import msgspec
import pytest

from seon import api_messages as a
from seon.api_messages import Order, Orders
from seon.client.courier import messages as c
from seon.client.courier import seonapi as module
from seon.client.courier.troubles import Patience
from seon.config import FORMAT, OLDEST_FORMAT
from unit.client.courier.played import ENROLLED, Versions

ENROLLED_ANSWER = (200, msgspec.json.encode(ENROLLED))


def failing(times: int, bad, good=ENROLLED_ANSWER):
    """Return an answer that is bad so many times, and then good."""
    left = [bad] * times
    return lambda _: left.pop() if left else good


def test_a_configuration_comes_after_the_enrolment_and_again_when_it_has_changed(play, seonapi) -> None:
    async def scene(main, spool) -> None:
        await main.say(c.Resolve("127.0.0.1"))
        await main.hear(c.Resolved)
        assert seonapi.seen == [], "nothing is asked before the main has enrolled"
        await main.enrol()
        assert (await main.hear(c.HaveEnrolled)).answer == ENROLLED
        assert (await main.hear(c.NewConfiguration)).configuration.version == 1
        seonapi.answers["configuration"].version = 2
        assert (await main.hear(c.NewConfiguration)).configuration.version == 2

    play(scene)


def test_seonapi_away_is_said_once_and_so_is_its_return(play, seonapi) -> None:
    seonapi.answers["enrol"] = failing(3, (500, b'{"error":"out of order"}'))

    async def scene(main, spool) -> None:
        await main.enrol()
        away = await main.hear(c.ApiState)
        assert away.state == "away"
        assert away.reason == f"{seonapi.url}: out of order"
        assert (await main.hear(c.ApiState)).state == "back"
        await main.hear(c.HaveEnrolled)

    play(scene)


BAD = [(400, b'{"error":"this is no CSR"}', "this is no CSR; are both of the same version?"),
       (413, b'{"error":"too long"}', "too long; are both of the same version?"),
       (413, b"<html>", "status 413; are both of the same version?"),
       (400, b"<html>", "status 400"),
       (403, b'{"error":"not allowed"}', "not allowed"),
       (409, b'{"error":"No server with a license"}', "No server with a license"),
       (500, b"", "status 500"),
       (200, b"garbage", "are both of the same version?"),
       (200, b"[" * 100_000, "are both of the same version?"),
       (400, b'{"x":' + b"[" * 100_000, "status 400")]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "said"), BAD, ids=[f"{status}-{n}" for n, (status, *_) in enumerate(BAD)])
def test_an_enrolment_that_is_answered_badly_is_told_and_tried_again(play, seonapi, status, body, said) -> None:
    """The main waits for nothing else: it would hang for ever if this failed in silence."""
    seonapi.answers["enrol"] = failing(2, (status, body))

    async def scene(main, spool) -> None:
        await main.enrol()
        note = await main.hear(c.ApiState)
        assert note.state == "away"
        assert said in note.reason
        assert (await main.hear(c.ApiState)).state == "back"
        assert await main.hear(c.HaveEnrolled) == c.HaveEnrolled(1, ENROLLED)

    play(scene)


@pytest.mark.parametrize("odd", ["tls_garbage", "closes_in_the_middle", "breaks_off", "no_http", "bad_length"])
def test_the_same_for_whatever_happens_to_its_connection(play, seonapi, odd) -> None:
    seonapi.answers["enrol"] = failing(2, seonapi.odds[odd])

    async def scene(main, spool) -> None:
        await main.enrol()
        note = await main.hear(c.ApiState)
        assert note.state == "away"
        assert note.reason.startswith(f"{seonapi.url}: ")
        await main.hear(c.HaveEnrolled)

    play(scene)


@pytest.mark.parametrize("bad", ["tls_garbage", 400, 413, 500])
def test_a_running_connection_that_goes_bad_is_told_and_the_next_configuration_comes(play, seonapi, bad) -> None:
    """A 400 here, or a TLS error that the HTTP client lets through, ended the courier without a word."""
    answer = seonapi.odds[bad] if isinstance(bad, str) else (bad, b'{"error":"why"}')

    async def scene(main, spool) -> None:
        await main.enrol()
        await main.hear(c.NewConfiguration)
        versions = seonapi.answers["configuration"]
        asked = len(seonapi.seen)
        seonapi.answers["configuration"] = lambda _: answer
        versions.version = 2
        assert (await main.hear(c.ApiState)).state == "away"
        seonapi.answers["configuration"] = versions
        assert (await main.hear(c.NewConfiguration)).configuration.version == 2
        assert len(seonapi.seen) > asked

    play(scene)


def test_a_renewal_that_is_asked_for_while_another_waits_is_answered_and_so_is_the_other(play, seonapi) -> None:
    ready = False
    seonapi.answers["enrol"] = lambda _: ENROLLED_ANSWER if ready else (400, b'{"error":"not yet"}')

    async def scene(main, spool) -> None:
        nonlocal ready
        await main.enrol(1)
        await main.hear(c.ApiState)
        await main.enrol(2)
        ready = True
        assert {(await main.hear(c.HaveEnrolled)).number for _ in range(2)} == {1, 2}

    play(scene)


def test_a_token_that_is_refused_is_said_to_be_so_and_not_shown(play, seonapi) -> None:
    seonapi.answers["enrol"] = lambda _: (401, b'{"error":"no valid token"}')

    async def scene(main, spool) -> None:
        await main.enrol()
        state = await main.hear(c.ApiState)
        assert state.state == "refused"
        assert "no valid token" in state.reason
        assert seonapi.token.secret not in state.reason

    play(scene)


def test_what_stays_wrong_is_said_again_and_again_with_the_time_it_has_lasted(play, seonapi) -> None:
    seonapi.answers["enrol"] = lambda _: (401, b'{"error":"no valid token"}')

    async def scene(main, spool) -> None:
        await main.enrol()
        notes = [await main.hear(c.ApiState) for _ in range(3)]
        assert {note.state for note in notes} == {"refused"}
        assert notes[0].reason.endswith("no valid token")
        assert notes[2].reason.endswith("no valid token, for 1 s now")

    play(scene, Patience(pauses=(0.01,), reminders=(0.5,)))


def test_a_state_that_changes_is_said_at_once(play, seonapi) -> None:
    answer = (500, b"")
    seonapi.answers["enrol"] = lambda _: answer

    async def scene(main, spool) -> None:
        nonlocal answer
        await main.enrol()
        assert (await main.hear(c.ApiState)).state == "away"
        answer = (401, b"")
        assert (await main.hear(c.ApiState)).state == "refused"
        answer = ENROLLED_ANSWER
        assert (await main.hear(c.ApiState)).state == "back"

    play(scene)


@pytest.mark.parametrize(("why", "status"), [("refused", 401), ("away", 500)])
def test_after_the_time_that_the_administrator_allows_the_main_is_told_to_end_once(play, seonapi, why, status) -> None:
    seonapi.answers["enrol"] = lambda _: (status, b'{"error":"because"}')
    patience = Patience(**{"refused": 0.0, "away": 0.0, why: 0.2}, pauses=(0.05,), reminders=(0.01,))

    async def scene(main, spool) -> None:
        await main.enrol()
        ending = await main.hear(c.Ending)
        assert ending.why == why
        assert ending.reason.startswith("Seonapi has ")
        assert ending.reason.endswith(f"{seonapi.url}: because")
        assert not main.courier.done(), "it serves on, so that the main can end in order"
        for _ in range(3):
            assert await main.hear((c.ApiState, c.Ending)) != ending

    play(scene, patience)


@pytest.mark.parametrize(("why", "status"), [("refused", 401), ("away", 500)])
def test_without_such_a_time_it_goes_on_for_ever(play, seonapi, why, status) -> None:
    seonapi.answers["enrol"] = lambda _: (status, b'{"error":"because"}')

    async def scene(main, spool) -> None:
        await main.enrol()
        for _ in range(10):
            assert isinstance(await main.hear((c.ApiState, c.Ending)), c.ApiState)

    play(scene, Patience(refused=0.0, away=0.0, pauses=(0.02,), reminders=(0.02,)))


def test_a_seonapi_that_does_not_wait_is_not_asked_without_end(play, seonapi, monkeypatch) -> None:
    """Every call is answered at once with nothing new."""
    first, asked = Versions(), []

    def configuration(request):
        if "wait=50" not in request.path:
            return first(request)
        asked.append(time.monotonic())
        return 204, b""

    seonapi.answers["configuration"] = configuration

    async def scene(main, spool) -> None:
        await main.enrol()
        while len(asked) < 3:
            await asyncio.sleep(0.01)
        assert asked[2] - asked[0] >= 0.2

    monkeypatch.setattr(module, "SOON", 0.1)
    play(scene)


def test_keys_and_blobs_come_or_the_reason_why_not(play, seonapi) -> None:
    wanted = a.SealedKeyWanted("0" * 64 + "px", bytes(1184), bytes(32), bytes(64), "id")
    name = hashlib.sha256(b"list").hexdigest()

    async def scene(main, spool) -> None:
        await main.say(c.WantSealed(wanted))
        assert "no such path" in (await main.hear(c.GotSealed)).problem
        await main.say(c.WantBlob(name))
        assert "no such path" in (await main.hear(c.GotBlob)).problem
        seonapi.answers["sealed-key"] = lambda _: (200, msgspec.json.encode(a.SealedKey("id", b"sealed")))
        seonapi.answers[f"blobs/{name}"] = lambda _: (200, b"list")
        await main.say(c.WantSealed(wanted))
        assert (await main.hear(c.GotSealed)).key == a.SealedKey("id", b"sealed")
        await main.say(c.WantBlob(name))
        assert (await main.hear(c.GotBlob)).octets == b"list"

    play(scene)


def test_a_large_blob_is_said_in_parts(play, seonapi) -> None:
    octets = bytes(range(256)) * 1_500
    name = hashlib.sha256(octets).hexdigest()
    seonapi.answers[f"blobs/{name}"] = lambda _: (200, octets)

    async def scene(main, spool) -> None:
        await main.say(c.WantBlob(name))
        parts = [await main.hear(c.GotBlob)]
        while parts[-1].more:
            parts.append(await main.hear(c.GotBlob))
        assert len(parts) == 3
        assert b"".join(part.octets for part in parts) == octets

    play(scene)


def test_a_changed_configuration_can_be_asked_for_at_once(play, seonapi) -> None:
    async def scene(main, spool) -> None:
        await main.say(c.AskNow())
        assert (await main.hear(c.NewConfiguration)).configuration.version == 1

    play(scene)


def test_a_server_that_asks_without_end_makes_one_call_at_a_time(play, seonapi) -> None:
    running = most = 0

    async def configuration(_) -> tuple[int, bytes]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.2)
        running -= 1
        return 204, b""

    seonapi.answers["configuration"] = configuration

    async def scene(main, spool) -> None:
        for _ in range(100):
            await main.say(c.AskNow())
        while running or not most:
            await asyncio.sleep(0.01)

    play(scene)
    assert most == 1
    assert len([request for request in seonapi.seen if "configuration" in request.path]) < 5


# --- servers of other versions ----------------------------------------------------------------------------------------


def test_a_server_of_another_version_gets_its_part_in_a_format_that_it_knows(play, seonapi) -> None:
    seonapi.answers["configuration"].newest_format = FORMAT + 2

    async def scene(main, spool) -> None:
        await main.enrol()
        first = (await main.hear(c.NewConfiguration)).configuration
        assert (first.version, first.server_format) == (1, FORMAT), "no server is known yet: one of our version"
        for newest, served in ((FORMAT + 1, FORMAT + 1), (FORMAT + 9, FORMAT + 2), (FORMAT, FORMAT)):
            await main.say(c.ServerReads(newest))
            again = (await main.hear(c.NewConfiguration)).configuration
            assert (again.version, again.server_format) == (1, served)
        seonapi.answers["configuration"].version = 2
        changed = (await main.hear(c.NewConfiguration)).configuration
        assert (changed.version, changed.server_format) == (2, FORMAT)

    play(scene)


def test_a_server_of_our_version_costs_no_second_configuration(play, seonapi) -> None:
    async def scene(main, spool) -> None:
        await main.enrol()
        await main.hear(c.NewConfiguration)
        await main.say(c.ServerReads(FORMAT))
        await main.say(c.AskNow())
        await main.say(c.Resolve("127.0.0.1"))
        await main.hear(c.Resolved)
        await asyncio.sleep(0.1)
        fetched = [request.path for request in seonapi.seen if "configuration?orders=1&format" in request.path]
        assert len(fetched) == 1

    play(scene)


def test_a_server_that_is_too_old_is_told_and_one_that_fits_gets_its_part_at_once(play, seonapi) -> None:
    async def scene(main, spool) -> None:
        await main.enrol()
        await main.hear(c.NewConfiguration)
        await main.say(c.ServerReads(OLDEST_FORMAT - 1))
        state = await main.hear(c.ApiState)
        assert state.state == "away"
        assert "upgrade the host of the server" in state.reason
        await main.say(c.ServerReads(FORMAT))
        assert (await main.hear(c.NewConfiguration)).configuration.server_format == FORMAT

    play(scene)


# --- orders ---------------------------------------------------------------------------------------------------------

ORDERS = Orders((Order("order-0001", "kill", "session-1", 5, 58), Order("order-0002", "drain")))


def with_orders(seonapi, *answers: tuple[int, bytes]) -> list[str]:
    """Have Seonapi answer so to calls that ask for orders, and then as usual; return the paths of these calls."""
    usual, waiting, asked = seonapi.answers["configuration"], list(answers), []

    async def answer(request) -> tuple[int, bytes]:
        if "orders=1&" in request.path:
            asked.append(request.path)
            if waiting:
                return waiting.pop(0)
        return await usual(request)

    seonapi.answers["configuration"] = answer
    return asked


def test_orders_come_with_the_waiting_call_and_say_when_they_came(play, seonapi) -> None:
    with_orders(seonapi, (202, msgspec.json.encode(ORDERS)))

    async def scene(main, spool) -> None:
        before = time.monotonic()
        await main.enrol()
        note = await main.hear(c.Ordered)
        assert note.orders == ORDERS
        assert before <= note.at <= time.monotonic()
        assert (await main.hear(c.NewConfiguration)).configuration.version == 1, "and the configuration after them"

    play(scene)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"[]",
        b"{}",
        b'{"orders":[]}',
        b'{"orders":[{"id":"order-0001","what":"explode"}]}',
        b"\xff\xfe",
        b"1" * 999,
    ],
)
def test_orders_that_cannot_be_read_end_nothing(play, seonapi, garbage) -> None:
    with_orders(seonapi, (202, garbage), (202, msgspec.json.encode(ORDERS)))

    async def scene(main, spool) -> None:
        await main.enrol()
        assert (await main.hear(c.ApiState)).state == "away"
        assert (await main.hear(c.ApiState)).state == "back"
        assert (await main.hear(c.Ordered)).orders == ORDERS

    play(scene)


def test_orders_that_are_answered_again_and_again_are_asked_for_at_a_bounded_rate(play, seonapi) -> None:
    asked = with_orders(seonapi, *[(202, msgspec.json.encode(ORDERS))] * 1_000)

    async def scene(main, spool) -> None:
        await main.enrol()
        await main.hear(c.Ordered)
        count = len(asked)
        await asyncio.sleep(0.5)
        assert len(asked) - count <= 0.5 / module.ORDERS_SECONDS + 1

    play(scene)
