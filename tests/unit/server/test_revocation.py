"""Which lists the server wants, takes, and has in force: what is good stays until something better is there."""

import asyncio
import contextlib
import hashlib
import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import certified, make
from revocation_lists import make_list, point, uris
from seon.admission.revocation import State
from seon.config import RevocationList
from seon.daemon.errand import ErrandError
from seon.pki import peer_certificate, pem_of
from seon.server import revocation as module
from seon.server.revocation import AGAIN_SECONDS, WAITING, Revocations
from seon.server.revocation_table import prepare

DAY = 86_400.0
URL, OTHER = "http://crl.example/a.crl", "http://crl.example/b.crl"
CA = make("CA", ca=True)
ISSUER = peer_certificate(CA.certificate.public_bytes(Encoding.DER))
GOOD, REVOKING = make_list(CA, [7], age_days=2), make_list(CA, [7, 42], age_days=1)
LEAF = peer_certificate(certified(make("x").key.public_key(), "leaf", CA, serial=42).public_bytes(Encoding.DER))


def named(der: bytes, url: str = URL, issuer: str = CA.pem) -> RevocationList:
    return RevocationList(hashlib.sha256(der).hexdigest(), issuer, url)


class Scene:
    """Revocations whose child is a call, with what they have said."""

    def __init__(self, reported) -> None:
        self.said, self.changes, self.rooms = reported, 0, 0
        self.broken, self.now = "", 0.0
        self.prepared: list[str] = []
        self.lists = Revocations(reported, self.prepare, self.changed, self.room, lambda: self.now)

    async def prepare(self, der, issuer) -> bytes:
        self.prepared.append(issuer)
        await asyncio.sleep(0)
        if self.broken:
            raise ErrandError(self.broken)
        return prepare(der, issuer, time.time())

    def changed(self) -> None:
        self.changes += 1

    def room(self) -> None:
        self.rooms += 1

    async def take(self, *lists: bytes) -> None:
        """Take lists as they come over the link, and wait until they were worked on."""
        for der in lists:
            before = self.rooms
            self.lists.take(hashlib.sha256(der).hexdigest(), bytearray(der))
            async with asyncio.timeout(5):
                while self.rooms == before and self.lists._waiting:
                    await asyncio.sleep(0.001)

    @property
    def state(self) -> State:
        return self.lists.lists.look_up(LEAF, ISSUER, time.time(), 15 * DAY).state


@pytest.fixture
def played(reported):
    """Play a scene while the lists are worked on."""

    def play(scene) -> Scene:
        async def live() -> Scene:
            mine = Scene(reported)
            working = asyncio.create_task(mine.lists.run())
            async with asyncio.timeout(10):
                await scene(mine)
            assert not working.done(), working
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
            return mine

        return asyncio.run(live())

    return play


def test_a_list_that_is_named_is_asked_for_taken_and_in_force(played) -> None:
    async def scene(s: Scene) -> None:
        s.lists.follow((named(GOOD),))
        assert s.lists.missing() == (named(GOOD).sha256,)
        assert s.state is State.NO_POINT
        await s.take(GOOD)
        assert s.lists.missing() == ()
        assert s.state is State.GOOD
        assert s.changes == 1

    event = played(scene).said.of("CRL-TAKEN")
    assert (event["issuer"], event["count"], event["url"]) == ("CN=CA", 1, URL)


def test_what_nobody_has_named_is_let_go(played) -> None:
    async def scene(s: Scene) -> None:
        await s.take(GOOD)
        s.lists.follow((named(GOOD),))
        await s.take(REVOKING)
        assert s.state is State.NO_POINT
        assert s.prepared == []

    played(scene)


def test_the_list_before_stays_until_the_next_one_is_here(played) -> None:
    async def scene(s: Scene) -> None:
        s.lists.follow((named(GOOD),))
        await s.take(GOOD)
        s.lists.follow((named(REVOKING),))
        assert s.state is State.GOOD
        assert s.lists.missing() == (named(REVOKING).sha256,)
        await s.take(REVOKING)
        assert s.state is State.REVOKED
        assert s.changes == 2

    played(scene)


def test_the_list_before_stays_if_the_next_one_cannot_be_used(played) -> None:
    bad = make_list(make("CA", ca=True), [42])

    async def scene(s: Scene) -> None:
        s.lists.follow((named(GOOD),))
        await s.take(GOOD)
        s.lists.follow((named(bad),))
        await s.take(bad)
        assert s.state is State.GOOD
        assert s.lists.missing() == (), "it is not asked for again at once"

    event = played(scene).said.of("CRL-BAD")
    assert (event["url"], event["sha256"]) == (URL, named(bad).sha256)
    assert event["reason"] == "its signature is not that of its issuer"


def test_a_list_that_was_made_before_the_one_in_force_does_not_take_its_place(played) -> None:
    async def scene(s: Scene) -> None:
        s.lists.follow((named(REVOKING),))
        await s.take(REVOKING)
        s.lists.follow((named(GOOD),))
        await s.take(GOOD)
        assert s.state is State.REVOKED
        s.lists.follow(())
        s.lists.follow((named(GOOD),))
        await s.take(GOOD)
        assert s.state is State.GOOD, "it was taken away in between"

    assert "was made later" in played(scene).said.of("CRL-BAD")["reason"]


def test_a_list_that_is_named_no_more_is_gone(played) -> None:
    async def scene(s: Scene) -> None:
        s.lists.follow((named(REVOKING),))
        await s.take(REVOKING)
        s.lists.follow((named(GOOD, OTHER),))
        assert s.state is State.NO_POINT
        assert s.changes == 2

    played(scene)


def test_one_list_at_two_addresses_is_worked_on_once(played) -> None:
    async def scene(s: Scene) -> None:
        s.lists.follow((named(GOOD), named(GOOD, OTHER)))
        assert len(s.lists.missing()) == 1
        await s.take(GOOD)
        assert len(s.prepared) == 1
        assert len(s.lists.lists.of_issuer(ISSUER)) == 2

    played(scene)


def test_several_lists_given_by_hand_are_in_force_together(played) -> None:
    first, second = (make_list(CA, [n], extensions=point(full_name=uris(f"http://{n}"))) for n in (1, 2))
    third = make_list(CA, [3], age_days=3, extensions=point(full_name=uris("http://3")))

    async def scene(s: Scene) -> None:
        s.lists.follow((named(first, ""), named(second, "")))
        await s.take(first, second)
        s.lists.follow((named(first, ""), named(third, "")))
        await s.take(third)
        found = s.lists.lists.of_issuer(ISSUER)
        assert {one.sha256 for one in found} == {named(first).sha256, named(third).sha256}

    played(scene)


def test_a_child_that_failed_is_told_of_once_and_tried_again_later(played) -> None:
    async def scene(s: Scene) -> None:
        s.broken = "it took more than 120 s"
        s.lists.follow((named(GOOD),))
        for _ in range(2):
            await s.take(GOOD)
            assert s.lists.missing() == ()
            s.now += AGAIN_SECONDS
            assert s.lists.missing() == (named(GOOD).sha256,)
        s.broken = ""
        await s.take(GOOD)
        assert s.state is State.GOOD

    assert played(scene).said.codes == ["CRL-BAD", "CRL-TAKEN"]


def test_few_lists_are_asked_for_and_wait_at_once(played) -> None:
    lists = [make_list(CA, [number]) for number in range(1, WAITING + 3)]

    async def scene(s: Scene) -> None:
        s.lists.follow(tuple(named(der, f"http://{number}") for number, der in enumerate(lists)))
        assert len(s.lists.missing()) == WAITING
        for der in lists[:WAITING]:
            s.lists.take(hashlib.sha256(der).hexdigest(), der)
        assert s.lists.missing() == ()
        s.lists.take(hashlib.sha256(lists[-1]).hexdigest(), lists[-1])
        assert len(s.lists._waiting) == WAITING
        while s.lists._waiting:
            await asyncio.sleep(0.001)
        assert len(s.lists.missing()) == 2

    played(scene)


def test_there_is_a_limit_to_the_memory_of_all_tables(played, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_OCTETS", 60)

    async def scene(s: Scene) -> None:
        s.lists.follow((named(GOOD), named(REVOKING, OTHER)))
        await s.take(GOOD, REVOKING)
        assert s.state is State.GOOD

    assert played(scene).said.of("CRL-BAD")["reason"] == "there is no memory for more lists"


def test_the_state_says_what_is_in_force_how_old_and_what_is_missing(played) -> None:
    bad, old = b"no list", make_list(CA, age_days=20, days=5)

    async def scene(s: Scene) -> None:
        assert s.lists.state(time.time(), 15 * DAY) == ["No revocation lists"]
        s.lists.follow((named(REVOKING), named(bad, OTHER), named(GOOD, OTHER), named(old, "")))
        await s.take(REVOKING, bad, old)
        first, second, *rest = s.lists.state(time.time(), 15 * DAY)
        assert first.startswith(f"Revocation list of CN=CA from {URL}: 2 entries, 24 h old, next due 20")
        assert second.startswith("Revocation list of CN=CA: no entry, 20 days old, next due 20")
        assert second.endswith(", STALE")
        assert rest[0].startswith(
            f"Revocation list {named(bad).sha256} from {OTHER} cannot be used: it is no revocation"
        )
        assert rest[1] == f"Revocation list {named(GOOD).sha256} from {OTHER} has not come yet"

    played(scene)


def test_a_list_counts_for_the_same_ca_with_another_certificate(played) -> None:
    renewed = certified(CA.key.public_key(), "CA", CA)

    async def scene(s: Scene) -> None:
        s.lists.follow((named(REVOKING, issuer=pem_of(renewed)),))
        await s.take(REVOKING)
        assert s.state is State.REVOKED

    played(scene)
