"""Whether a certificate has been revoked, as the lists in force say it. Pure: lists and time are arguments.

OpenSSL's own check knows only one answer to a missing and to an old list, a failure; so it is not asked, and the states
are ours (docs/design.md, "Revocation").
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from seon.pki import PeerCertificate
from seon.pki.names import text_in
from seon.pki.serials import Revoked, find


class State(StrEnum):
    """What is known of a certificate's revocation."""

    GOOD = "good"
    REVOKED = "revoked"
    NO_POINT = "no distribution point"
    """It says nowhere where its CA's list is, at least not in a way that we follow, and none was given by hand."""
    NOT_YET_KNOWN = "not yet known"
    """It names a distribution point, and no list of there is in force."""
    STALE = "stale"
    """The list is older than it may be: by its own word (nextUpdate), or by the largest age that is allowed."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """What is known of one certificate's revocation, and by which list."""

    certificate: PeerCertificate
    state: State
    age: float | None = None
    """Seconds since the list was made that decides; None if there is none."""
    url: str = ""
    """Where that list was fetched, "" for one given by hand; without a list, where it should be."""
    since: float | None = None
    """Unix seconds of the revocation, where it is revoked and the list tells."""


@dataclass(frozen=True, slots=True)
class KnownList:
    """A list whose signature was verified. It counts for certificates of its issuer: the same name and the same key.

    The name may be written otherwise, in another kind of text, say: a CA that was renewed has two such certificates,
    and who is revoked could choose the one by which no list is found.
    """

    subject: bytes
    """Of the issuer, DER."""
    key: str
    """The SHA-256 of the issuer's SubjectPublicKeyInfo in DER, hex."""
    url: str
    """Where it was fetched; "": it was given by hand."""
    sha256: str
    """Of the list in DER, hex."""
    this_update: float
    """When it was made, Unix seconds."""
    next_update: float | None
    """When the next one is due; some lists do not say that."""
    table: bytes = field(repr=False)
    """The serial numbers of what is revoked (seon.pki.serials)."""
    points: tuple[str, ...] = ()
    """The distribution points that it is for (RFC 5280, 5.2.5); none: for all of its issuer's certificates."""
    only_users: bool = False
    only_cas: bool = False
    """It is for certificates of CAs, or of all others, only."""

    def covers(self, is_ca: bool | None, points: Iterable[str]) -> bool:
        """Whether a certificate with these points is in the scope of this list; None: nobody knows if it is a CA's."""
        if (self.only_cas and not is_ca) or (self.only_users and is_ca is not False):
            return False
        return not self.points or not set(self.points).isdisjoint(points)

    def is_at(self, points: tuple[str, ...]) -> bool:
        """Whether it is where a certificate with these points says: only then it can say that all is good.

        Some CAs divide their lists and do not say so in them. So one from elsewhere counts for what it has, and not for
        what it has not.
        """
        return bool(self.points) or not self.url or not points or self.url in points

    def is_fresh(self, now: float, max_age: float) -> bool:
        """Whether it may still be believed in what it has not."""
        return now - self.this_update <= max_age and (self.next_update is None or now <= self.next_update)


@dataclass(frozen=True, slots=True)
class RevocationLists:
    """All lists in force at one moment."""

    _by_issuer: Mapping[tuple[str | bytes, str], tuple[KnownList, ...]] = field(default_factory=dict)
    """By the issuer's name and key (SHA-256)."""

    @classmethod
    def of(cls, lists: Iterable[KnownList]) -> "RevocationLists":
        """Return these lists, ready to be asked."""
        found: dict[tuple[str | bytes, str], tuple[KnownList, ...]] = {}
        for one in lists:
            issuer = (_name(one.subject), one.key)
            found[issuer] = (*found.get(issuer, ()), one)
        return cls(found)

    def of_issuer(self, issuer: PeerCertificate) -> tuple[KnownList, ...]:
        """Return the lists that this CA has signed."""
        return self._by_issuer.get((_name(issuer.subject_der), issuer.key.digest), ())

    def look_up(self, certificate: PeerCertificate, issuer: PeerCertificate, now: float, max_age: float) -> Revocation:
        """Return what is known of a certificate that `issuer` has issued, as its chain has proved.

        `now` is in Unix seconds. A list older than `max_age` seconds is stale. One that is stale still revokes.
        """
        extensions = certificate.extensions
        points = extensions.crl_points if extensions else ()
        is_ca = bool(extensions.is_ca) if extensions else None
        of_issuer = self.of_issuer(issuer)
        lists = [one for one in of_issuer if one.covers(is_ca, points)]
        # Where nobody knows for which lists it is, each can revoke it: an issuer gives a serial number once.
        if found := _revoked(lists if extensions else of_issuer, int(certificate.serial, 16)):
            one, entry = found
            return Revocation(certificate, State.REVOKED, now - one.this_update, one.url, entry.since)
        answering = [one for one in lists if one.is_at(points)]
        if not answering:
            state = State.NOT_YET_KNOWN if points else State.NO_POINT
            return Revocation(certificate, state, url=points[0] if points else "")
        best = max(answering, key=lambda one: (one.is_fresh(now, max_age), one.this_update))
        state = State.GOOD if best.is_fresh(now, max_age) else State.STALE
        return Revocation(certificate, state, now - best.this_update, best.url)


@functools.lru_cache(maxsize=4_096)  # as many issuers as there may be lists, and some more
def _name(der: bytes) -> str | bytes:
    """Return what equal names have in common, as RFC 5280 (7.1) compares them; one that cannot be read as it is."""
    text = text_in(der)
    return der if text is None else " ".join(text.casefold().split())


def _revoked(lists: Iterable[KnownList], serial: int) -> tuple[KnownList, Revoked] | None:
    for one in lists:
        if entry := find(one.table, serial):
            return one, entry
    return None
