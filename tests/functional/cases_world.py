"""The PKI of the table of cases (cases.py): each CA, which of them are anchors, and the revocation lists."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functional.cases_pki import Issued, issue, revocation_list

GONE, SOON = (-30, -1), (1, 30)
"""Days of validity: over, and not begun."""
ENTRIES = 200_000
"""Of the huge list."""


def point(name: str) -> str:
    """Return the distribution point of this name."""
    return f"http://lists.example/{name}.crl"


@dataclass(frozen=True)
class Shown:
    """What a peer shows: its certificate, and what it sends beside that."""

    leaf: Issued
    sends: tuple[bytes, ...] = ()


class Shows(Protocol):
    """A case, as far as the PKI is concerned."""

    def show(self, world: "World", odette_id: str) -> Shown:
        """Make what is shown."""


class World:
    """All certificates, each made when it is first asked for. `cases`: by their names."""

    def __init__(self, cases: Mapping[str, Shows]) -> None:
        self._cases = cases
        self._numbers = {name: number for number, name in enumerate(cases)}
        self._authorities: dict[str, Issued] = {}
        self._shown: dict[str, Shown] = {}

    def ca(self, name: str) -> Issued:
        """Return a CA."""
        if name not in self._authorities:
            self._authorities[name] = CAS[name](self)
        return self._authorities[name]

    def shown(self, case: str) -> Shown:
        """Return what is shown in a case."""
        if case not in self._shown:
            self._shown[case] = self._cases[case].show(self, self.odette_id(case))
        return self._shown[case]

    def odette_id(self, case: str) -> str:
        """Return the Odette ID of a case's partner."""
        return f"O0013CASE{self._numbers[case]:03}"

    def revoked(self, name: str) -> int:
        """Return the serial number of a CA, or of what a case shows."""
        return (self.ca(name) if name in CAS else self.shown(name).leaf).serial


def _root(name: str, **how: Any) -> Callable[[World], Issued]:
    return lambda _: issue(name, ca=True, **how)


def _below(parent: str, name: str, **how: Any) -> Callable[[World], Issued]:
    return lambda world: issue(name, world.ca(parent), ca=True, **how)


def _crossed(world: World) -> Issued:
    """The same CA, name and key, in a certificate of a stranger."""
    return issue("Crossed CA", world.ca("stranger"), key=world.ca("crossed").key, ca=True)


CAS: Mapping[str, Callable[[World], Issued]] = {
    "root": _root("Root"),
    "oftp2": _below("root", "OFTP2 CA"),
    "sibling": _below("root", "Sibling CA"),
    "plain": _below("root", "Plain CA"),
    "stranger": _root("Stranger Root"),
    "between": _below("oftp2", "Between CA"),
    "lower": _below("between", "Lower CA"),
    "over": _below("oftp2", "Over CA", days=GONE),
    "short": _below("oftp2", "Short CA", path_length=0),
    "too deep": _below("short", "Too Deep CA"),
    "no CA": lambda world: issue("No CA", world.ca("oftp2")),
    "giant": lambda world: issue("Giant CA", world.ca("oftp2"), bits=16_384, ca=True),
    "old": _root("Renewed CA"),
    "new": _root("Renewed CA"),
    "of the same name": _root("Renewed CA"),
    "crossed": _below("oftp2", "Crossed CA"),
    "crossed by a stranger": _crossed,
    "rsa": lambda _: issue("RSA CA", bits=2_048, ca=True),
    "expired": _root("Expired CA", days=GONE),
    "listed": _root("Listed CA"),
    "listed between": _below("listed", "Listed Between CA", points=(point("listed"),)),
    "revoked between": _below("listed", "Revoked Between CA", points=(point("listed"),)),
    "missing": _root("Missing List CA"),
    "stale": _root("Stale List CA"),
    "old list": _root("Old List CA"),
    "foreign list": _root("Foreign List CA"),
    "empty": _root("Empty List CA"),
    "huge": _root("Huge List CA"),
    "parted": _root("Parted CA"),
}
ANCHORS: Mapping[str, bool] = dict.fromkeys(
    ("oftp2", "old", "new", "rsa", "expired", "listed", "missing", "stale", "old list", "foreign list", "empty", "huge",
     "parted"), True,
) | {"plain": False}  # fmt: skip
"""The CAs that are anchors, and whether they assert Odette IDs. No root of another CA is among them."""


@dataclass(frozen=True)
class List:
    """A revocation list: whose, and how it is made. It counts as fetched from the distribution point of its name."""

    ca: str
    make: Callable[[World], bytes]
    name: str = ""

    @property
    def url(self) -> str:
        """Where it was fetched."""
        return point(self.name or self.ca)


def _list(ca: str, *revoked: str, signer: str = "", **how: Any) -> Callable[[World], bytes]:
    return lambda world: revocation_list(
        world.ca(ca), map(world.revoked, revoked), signer=world.ca(signer) if signer else None, **how
    )


def _huge(world: World) -> bytes:
    serials = [*range(10**20, 10**20 + ENTRIES), world.revoked("on a huge list")]
    return revocation_list(world.ca("huge"), serials)


LISTS: Sequence[List] = (
    List("listed", _list("listed", "revoked", "revoked, hard", "revoked, and nobody asks", "pinned, revoked",
                         "revoked between")),
    List("listed between", _list("listed between")),
    List("revoked between", _list("revoked between")),
    List("stale", _list("stale", "revoked in a list that is over", days=(-10, -1))),
    List("old list", _list("old list", days=(-20, 10))),
    List("foreign list", _list("foreign list", signer="stranger")),
    List("empty", _list("empty")),
    List("huge", _huge),
    List("parted", _list("parted", "on the list of its part", points=(point("part-1"),)), "part-1"),
    List("parted", _list("parted", "on the list of another part", points=(point("part-2"),)), "part-2"),
)  # fmt: skip
