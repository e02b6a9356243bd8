"""The revocation lists of the server: which it should have, which it has, and which are in force.

A list crosses as a blob and becomes a table in a child (`revocation_table`), one after the other. What is in force is a
value that never changes (`RevocationLists`); it is swapped. What was good stays in force while what should take its
place has not come or cannot be used.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from seon.admission.revocation import KnownList, RevocationLists
from seon.config import RevocationList
from seon.daemon.errand import ErrandError
from seon.events import shown
from seon.link.identity import moment
from seon.pki import PkiError
from seon.pki.serials import ROW
from seon.process.events import Report
from seon.server.revocation_table import read_prepared
from seon.wording import fill

Prepare = Callable[[bytes | bytearray, str], Awaitable[bytes | bytearray]]
"""Does `revocation_table.prepare` with a list and its issuer, in a child. Raises ErrandError."""
WAITING = 8
"""Lists that are asked for and waited for at once; each may have 64 MiB."""
MOST_OCTETS = 512 * 1024 * 1024
"""Of all tables: 20,000,000 revoked certificates."""
AGAIN_SECONDS = 3_600.0
"""A list that could not be used is tried again after so long: clocks are set right, memory gets free."""
HOUR, DAY = 3_600.0, 86_400.0

_Name = tuple[str, str]
"""SHA-256 of a list, and its issuer's certificate."""


@dataclass(frozen=True, slots=True)
class _Failed:
    reason: str
    since: float
    """Monotonic."""


class Revocations:
    """Holds the lists. Whoever decides takes `lists` at the moment of the decision."""

    def __init__(
        self,
        report: Report,
        prepare: Prepare,
        changed: Callable[[], None],
        done: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lists = RevocationLists()
        """Those in force."""
        self._report = report
        self._prepare = prepare
        self._changed = changed
        """Called when other lists are in force."""
        self._done = done
        """Called when a list was taken or found unusable: there is room to ask for more."""
        self._clock = clock
        self._wanted: tuple[RevocationList, ...] = ()
        self._made: dict[_Name, KnownList] = {}
        self._issuers: dict[_Name, str] = {}
        """The names of their issuers, for people."""
        self._in_force: dict[RevocationList, KnownList] = {}
        self._failed: dict[_Name, _Failed] = {}
        self._waiting: dict[str, bytes | bytearray] = {}
        """What has come, by SHA-256; the first is being worked on."""
        self._arrived = asyncio.Event()

    # --- what should be here ----------------------------------------------------------------------------------------

    def follow(self, wanted: tuple[RevocationList, ...]) -> None:
        """A configuration has come into force that names these lists."""
        self._wanted = wanted
        names = {_name(one) for one in wanted}
        self._failed = {name: failed for name, failed in self._failed.items() if name in names}
        self._settle()

    def missing(self) -> tuple[str, ...]:
        """Return the SHA-256 of lists to ask for now: a few at a time, so that few wait here."""
        now = self._clock()
        names = dict.fromkeys(one.sha256 for one in self._wanted if self._lacks(_name(one), now))
        room = max(0, WAITING - len(self._waiting))
        return tuple(name for name in names if name not in self._waiting)[:room]

    def pending(self) -> tuple[RevocationList, ...]:
        """Return those that have neither been taken nor found unusable yet."""
        return tuple(one for one in self._wanted if _name(one) not in self._made and _name(one) not in self._failed)

    def _lacks(self, name: _Name, now: float) -> bool:
        failed = self._failed.get(name)
        return name not in self._made and (failed is None or now - failed.since >= AGAIN_SECONDS)

    def take(self, sha256: str, octets: bytes | bytearray) -> None:
        """Take a list that has come; what nobody has asked for is let go."""
        if sha256 in self.missing():
            self._waiting[sha256] = octets
            self._arrived.set()

    # --- its way into force -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work on what has come, one after the other, for ever."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                sha256, octets = next(iter(self._waiting.items()))
                for name in dict.fromkeys(_name(one) for one in self._wanted if one.sha256 == sha256):
                    await self._work_on(name, octets)
                del self._waiting[sha256], octets
                self._done()

    async def _work_on(self, name: _Name, octets: bytes | bytearray) -> None:
        sha256, issuer = name
        try:
            known, self._issuers[name] = read_prepared(await self._prepare(octets, issuer), sha256)
            self._check_room(known)
            self._check_newer(name, known)
        except (ErrandError, PkiError) as error:
            self._fails(name, str(error))
            return
        self._failed.pop(name, None)
        self._made[name] = known
        self._settle()
        for one in self._wanted:
            if _name(one) == name:
                count, made = len(known.table) // ROW, moment(known.this_update)
                self._report("CRL-TAKEN", issuer=self._issuers[name], count=count, made=made, url=one.url)

    def _fails(self, name: _Name, reason: str) -> None:
        before = self._failed.get(name)
        self._failed[name] = _Failed(reason, self._clock())
        if before and before.reason == reason:
            return
        for one in self._wanted:
            if _name(one) == name:
                self._report("CRL-BAD", sha256=one.sha256, url=one.url, reason=reason)

    def _check_room(self, known: KnownList) -> None:
        if sum(len(one.table) for one in self._made.values()) + len(known.table) > MOST_OCTETS:
            raise PkiError("there is no memory for more lists")

    def _check_newer(self, name: _Name, known: KnownList) -> None:
        """Raise PkiError if a list would take the place of one that was made later."""
        for one in self._wanted:
            for before, old in self._in_force.items():
                same = _name(one) == name and _place(one) == _place(before) and _scope(old) == _scope(known)
                if same and before not in self._wanted and old.this_update > known.this_update:
                    raise PkiError(f"the one in force was made later, {moment(old.this_update)}")

    def _settle(self) -> None:
        """Put in force what is here, and leave in force what cannot be replaced yet."""
        in_force = {
            one: replace(self._made[_name(one)], url=one.url) for one in self._wanted if _name(one) in self._made
        }
        waiting = {_place(one) for one in self._wanted if one not in in_force}
        kept = {one: known for one, known in self._in_force.items() if one not in in_force and _place(one) in waiting}
        in_force |= kept
        names = {_name(one) for one in (*self._wanted, *kept)}
        self._made = {name: known for name, known in self._made.items() if name in names}
        self._issuers = {name: text for name, text in self._issuers.items() if name in names}
        if in_force != self._in_force:
            self._in_force = in_force
            self.lists = RevocationLists.of(in_force.values())
            self._changed()

    # --- what there is, in words ------------------------------------------------------------------------------------

    def state(self, now: float, max_age: float) -> list[str]:
        """Return lines about the lists; `now` in Unix seconds, `max_age` in seconds."""
        lines = [
            fill(
                "Revocation list of {issuer}[ from {url}]: {count:# entry|# entries|no entry}, {age} old"
                "[, next due {due}][, {stale}]",
                {
                    "issuer": self._issuers.get(_name(one), "a CA"),
                    "url": one.url,
                    "count": len(known.table) // ROW,
                    "age": _duration(now - known.this_update),
                    "due": known.next_update and moment(known.next_update),
                    "stale": "" if known.is_fresh(now, max_age) else "STALE",
                },
                shown,
            )
            for one, known in self._in_force.items()
        ]
        without = [one for one in self._wanted if _name(one) not in self._made]
        for one in without:
            failed = self._failed.get(_name(one))
            why = f"cannot be used: {failed.reason}" if failed else "has not come yet"
            text = fill(
                "Revocation list {sha256}[ from {url}] {why}", {"sha256": one.sha256, "url": one.url, "why": why}, shown
            )
            lines.append(text)
        return lines or ["No revocation lists"]


def _name(one: RevocationList) -> _Name:
    return one.sha256, one.issuer


def _place(one: RevocationList) -> tuple[str, str]:
    return one.issuer, one.url


def _scope(known: KnownList) -> tuple[object, ...]:
    return known.points, known.only_users, known.only_cas


def _duration(seconds: float) -> str:
    if seconds < 2 * HOUR:
        return f"{max(0, int(seconds // 60))} min"
    return f"{int(seconds // HOUR)} h" if seconds < 2 * DAY else f"{int(seconds // DAY)} days"
