"""The table: what a peer shows, how its partner is configured, and the verdict.

From nothing but these tables a PKI is made (cases_world.py), a site configured (cases_site.py), and each certificate
shown (cases_peer.py). Each case has a partner and an Odette ID of its own.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from functional.cases_pki import Issued, issue, new_key, rsa_key, with_sha1
from functional.cases_world import GONE, SOON, Shown, World, point

VECTORS = Path(__file__).parents[1] / "vectors" / "certificates"
ADMITTED = ""
Show = Callable[[World, str], Shown]
"""Makes what is shown, from the PKI and the Odette ID of the case."""


@dataclass(frozen=True)
class Known:
    """How the partner of a case is known: by the pin of what it shows, its Odette ID, its names, or by none of them."""

    pin: bool = False
    odette_id: bool = False
    names: bool = False
    anchors: tuple[str, ...] = ()
    """CAs: the only ones that may admit it."""
    networks: tuple[str, ...] = ()
    enabled: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    """By the keys of `seonapi partner set`."""


@dataclass(frozen=True)
class Case:
    """One row."""

    show: Show
    known: Known | None
    """None: nobody has such a certificate."""
    verdict: str = ADMITTED
    doubt: str = ""
    """The rule that lets it in with a warning."""
    kind: str = "ADM-REFUSED"
    """Of the event."""


def pin(**settings: str) -> Known:
    """Known by its pin."""
    return Known(pin=True, settings=settings)


def odette(*anchors: str, **settings: str) -> Known:
    """Known by its Odette ID, below these anchors or any."""
    return Known(odette_id=True, anchors=anchors, settings=settings)


HARD = odette(admission_revocation="hard")


# --- what is shown ----------------------------------------------------------------------------------------------------


def own(**how: Any) -> Show:
    """A self-signed certificate."""
    return lambda _, odette_id: Shown(issue("Partner", odette_ids=[odette_id], **how))


def by(
    ca: str, *sends: str, ids: Sequence[str] = ("{}",), also: Sequence[str] = (), sha1: bool = False, **how: Any
) -> Show:
    """A certificate of a CA; `sends`: CAs that it is sent with; `also`: cases whose Odette IDs it has too."""

    def show(world: World, odette_id: str) -> Shown:
        named = [*(one.format(odette_id) for one in ids), *map(world.odette_id, also)]
        uris = [uri.format(odette_id) for uri in how.get("uris", ())]
        made = issue("Partner", world.ca(ca), odette_ids=named, **{**how, "uris": uris})
        if sha1:
            made = with_sha1(made, rsa_key(2_048))
        return Shown(made, tuple(world.ca(name).der for name in sends))

    return show


def listed(ca: str, *sends: str, name: str = "", **how: Any) -> Show:
    """A certificate of a CA that names a distribution point."""
    return by(ca, *sends, points=[point(name or ca)], **how)


def by_a_pin(world: World, odette_id: str) -> Shown:
    """What a pinned certificate has issued, which says that it is a CA."""
    above = world.shown("pinned, a CA").leaf
    return Shown(issue("Partner", above, odette_ids=[odette_id]), (above.der,))


def forged(ca: str) -> Show:
    """A certificate that names a CA as its issuer, signed by another key."""
    return lambda world, odette_id: Shown(
        issue("Partner", Issued(world.ca(ca).der, new_key()), odette_ids=[odette_id])
    )  # fmt: skip


def crowd(world: World, odette_id: str) -> Shown:
    """A certificate that is sent with a hundred others."""
    others = [issue(f"Crowd {number}", world.ca("oftp2"), ca=True).der for number in range(100)]
    return Shown(issue("Partner", world.ca("oftp2"), odette_ids=[odette_id]), tuple(others))


def vector(name: str, key: str = "rsa.key") -> Show:
    """A certificate of tests/vectors/certificates; of a chain with the root first the last one."""

    def show(_: World, __: str) -> Shown:
        blocks = re.findall(rb"-----BEGIN CERTIFICATE-----(.*?)-----END", (VECTORS / name).read_bytes(), re.DOTALL)
        *others, leaf = map(base64.b64decode, blocks)
        private: Any = load_pem_private_key((VECTORS / key).read_bytes(), None)
        return Shown(Issued(leaf, private), tuple(others[::-1]))

    return show


ODD = ("printable-ampersand.pem", "printable-underscore.pem", "critical-false.pem", "t61-umlauts.pem", "empty-rdn.pem")
"""Certificates that break a rule of X.509, as real ones do."""

CASES: Mapping[str, Case] = {
    # by a pin
    "pinned": Case(own(), pin()),
    "not pinned": Case(own(), None, "UNKNOWN"),
    "pinned, of an unknown CA": Case(by("stranger"), pin()),
    "pinned, expired": Case(own(days=GONE), pin(), "EXPIRED"),
    "pinned, not yet valid": Case(own(days=SOON), pin(), "NOT-YET-VALID"),
    "pinned, disabled": Case(own(), Known(pin=True, enabled=False), "DISABLED"),
    "pinned, from elsewhere": Case(own(), Known(pin=True, networks=("192.0.2.0/24",)), "NETWORK", kind="ADM-NETWORK"),
    "pinned, one session at once": Case(own(), pin(sessions="1")),
    "pinned, a CA": Case(own(ca=True), pin()),
    "issued by a pinned one": Case(by_a_pin, None, "UNKNOWN"),
    "pinned, signed with SHA-1": Case(by("rsa", sha1=True), pin()),
    "pinned, revoked": Case(listed("listed"), pin(admission_revocation="hard")),
    "another one of who has pins": Case(by("oftp2", also=["pinned"]), None, "IDENTITY"),
    # keys
    "pinned, RSA 1024": Case(own(bits=1_024), pin(), "WEAK-KEY"),
    "pinned, RSA 1024, warned of": Case(own(bits=1_024), pin(admission_weak_key="warn"), doubt="admission_weak_key"),
    "pinned, RSA 1024, ignored": Case(own(bits=1_024), pin(admission_weak_key="ignore")),
    "pinned, RSA 8192": Case(own(bits=8_192), pin()),
    "RSA 16384": Case(own(bits=16_384), None, "TOO-LARGE"),
    "of an anchor, RSA 1024": Case(by("oftp2", bits=1_024), odette(), "WEAK-KEY"),
    # chains
    "of an anchor": Case(by("oftp2"), odette()),
    "of an anchor, expired": Case(by("oftp2", days=GONE), odette(), "EXPIRED"),
    "of an anchor, not yet valid": Case(by("oftp2", days=SOON), odette(), "NOT-YET-VALID"),
    "of an anchor, disabled": Case(by("oftp2"), Known(odette_id=True, enabled=False), "DISABLED"),
    "of an anchor, from elsewhere": Case(
        by("oftp2"), Known(odette_id=True, networks=("192.0.2.0/24",)), "NETWORK", kind="ADM-NETWORK"
    ),
    "of an unknown CA": Case(by("stranger"), odette(), "UNKNOWN"),
    "of an unknown CA, sent with it": Case(by("stranger", "stranger"), odette(), "UNKNOWN"),
    "intermediate sent": Case(by("between", "between"), odette()),
    "intermediate not sent": Case(by("between"), odette(), "UNKNOWN"),
    "two intermediates in any order": Case(by("lower", "between", "lower"), odette()),
    "one of two intermediates sent": Case(by("lower", "lower"), odette(), "UNKNOWN"),
    "of the root of an anchor": Case(by("root", "root"), odette(), "UNKNOWN"),
    "of a sibling of an anchor": Case(by("sibling", "sibling", "root"), odette(), "UNKNOWN"),
    "of a renewed CA, before": Case(by("old"), odette()),
    "of a renewed CA, after": Case(by("new"), odette()),
    "of another CA of that name": Case(by("of the same name"), odette(), "CHAIN"),
    "cross-signed, by the anchor": Case(by("crossed", "crossed"), odette()),
    "cross-signed, by a stranger": Case(by("crossed", "crossed by a stranger"), odette(), "UNKNOWN"),
    "cross-signed, by both": Case(by("crossed", "crossed by a stranger", "crossed"), odette()),
    "forged signature": Case(forged("oftp2"), odette(), "CHAIN"),
    "intermediate expired": Case(by("over", "over"), odette(), "CHAIN"),
    "intermediate is no CA": Case(by("no CA", "no CA"), odette(), "CHAIN"),
    "path too long": Case(by("too deep", "too deep", "short"), odette(), "CHAIN"),
    "anchor expired": Case(by("expired"), odette(), "CHAIN"),
    "intermediate of 16384 bits": Case(by("giant", "giant"), odette(), "TOO-LARGE"),
    "sent with 100 certificates": Case(crowd, odette(), "TOO-LARGE"),
    "signed with SHA-1": Case(by("rsa", sha1=True), odette(), "WEAK-SIGNATURE"),
    "signed with SHA-1, warned of": Case(
        by("rsa", sha1=True), odette(admission_weak_signature="warn"), doubt="admission_weak_signature"
    ),
    # whose it is
    "of an anchor, nobody's": Case(by("oftp2"), None, "IDENTITY"),
    "Odette ID wrong": Case(by("oftp2", ids=["O0013NOBODY"]), odette(), "IDENTITY"),
    "Odette ID missing": Case(by("oftp2", ids=[]), odette(), "IDENTITY"),
    "Odette ID twice": Case(by("oftp2", ids=["{}", "{}"]), odette()),
    "Odette ID beside one that is nobody's": Case(by("oftp2", ids=["{}", "O0013NOBODY"]), odette()),
    "Odette IDs of two partners": Case(by("oftp2", also=["of an anchor"]), odette(), "AMBIGUOUS"),
    "Odette ID of an anchor that asserts none": Case(by("plain"), odette(), "IDENTITY"),
    "Odette ID in a URI": Case(by("oftp2", ids=[], uris=["oftp://{}"]), odette()),
    "Odette ID in another URI": Case(by("oftp2", ids=[], uris=["https://{}"]), odette(), "IDENTITY"),
    "of an anchor that may not admit it": Case(by("oftp2"), odette("new"), "ANCHOR"),
    "of one of two anchors of that name": Case(by("old"), odette("new"), "ANCHOR"),
    "known by its names": Case(by("plain"), Known(names=True)),
    "its names from another CA": Case(by("stranger"), Known(names=True), "UNKNOWN"),
    # usage
    "usage missing, refused": Case(by("oftp2", purposes=["server"]), odette(admission_usage="refuse"), "USAGE"),
    "usage missing, warned of": Case(by("oftp2", purposes=["server"]), odette(), doubt="admission_usage"),
    "usage missing, ignored": Case(by("oftp2", purposes=["server"]), odette(admission_usage="ignore")),
    "pinned, usage missing, refused": Case(own(purposes=["server"]), pin(admission_usage="refuse"), "USAGE"),
    "no usage named": Case(by("oftp2", purposes=None), odette(admission_usage="refuse")),
    # revocation
    "on no list": Case(listed("listed"), HARD),
    "revoked": Case(listed("listed"), odette(), "REVOKED"),
    "revoked, hard": Case(listed("listed"), HARD, "REVOKED"),
    "revoked, and nobody asks": Case(listed("listed"), odette(admission_revocation="ignore")),
    "intermediate on no list": Case(listed("listed between", "listed between"), HARD),
    "intermediate revoked": Case(listed("revoked between", "revoked between"), odette(), "REVOKED"),
    "list missing, hard": Case(listed("missing"), HARD, "REVOCATION-NOT-YET-KNOWN"),
    "list missing, soft": Case(listed("missing"), odette(), doubt="admission_revocation"),
    "list over, hard": Case(listed("stale"), HARD, "REVOCATION-STALE"),
    "list over, soft": Case(listed("stale"), odette(), doubt="admission_revocation"),
    "revoked in a list that is over": Case(listed("stale"), odette(), "REVOKED"),
    "list older than crl_days": Case(listed("old list"), HARD, "REVOCATION-STALE"),
    "list of a foreign signature": Case(listed("foreign list"), HARD, "REVOCATION-NOT-YET-KNOWN"),
    "list empty": Case(listed("empty"), HARD),
    "on a huge list": Case(listed("huge"), odette(), "REVOKED"),
    "not on a huge list": Case(listed("huge"), HARD),
    "on the list of its part": Case(listed("parted", name="part-1"), odette(), "REVOKED"),
    "on the list of another part": Case(listed("parted", name="part-1"), HARD),
    "list of its part missing": Case(listed("parted", name="part-3"), HARD, "REVOCATION-NOT-YET-KNOWN"),
    "no distribution point, hard": Case(by("oftp2"), HARD, "REVOCATION-NO-POINT"),
    # as people really have them
    **{f"{name}, pinned": Case(vector(name), pin()) for name in ODD},
    "chain-root-first.pem, pinned": Case(vector("chain-root-first.pem", "chain-leaf.key"), pin()),
    "brainpoolP256r1.pem, pinned": Case(vector("brainpoolP256r1.pem", "brainpoolP256r1.key"), pin()),
}  # fmt: skip
