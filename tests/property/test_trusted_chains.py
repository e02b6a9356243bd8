"""Whatever was sent and whatever is trusted: a chain is found where there is one, and nowhere else.

The reference tries each order of each choice of what was sent, and checks every link by `cryptography`.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import permutations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import Made, certified, make
from seon import pki
from seon.pki.chains import Anchors, ChainError, anchor_in_pem

NOW = time.time()
KEYS = [pki.new_ecdsa_key() for _ in range(4)]
NAMES = ["A", "B", "C"]
LENGTHS = [None, 0, 1]


def issued(name: str, key: int, issuer: str, issuer_key: int, *, ca: bool = True, length: int | None = None) -> Made:
    """A certificate of any name and key, issued by any: it may be true or not."""
    by = make(issuer, KEYS[issuer_key], ca=True)
    constraints = x509.BasicConstraints(ca, length if ca else None)
    return Made(certified(KEYS[key].public_key(), name, by, extensions=[(constraints, True)]), KEYS[key])


@st.composite
def members(draw: st.DrawFn) -> Made:
    name, issuer = draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES))
    return issued(
        name,
        draw(st.integers(0, 3)),
        issuer,
        draw(st.integers(0, 3)),
        ca=draw(st.sampled_from([True, True, True, False])),
        length=draw(st.sampled_from(LENGTHS)),
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Made, list[Made], list[Made]]:
    """A leaf, what it sends, and anchors: below one of them stand up to three, each truly issued but for a few."""
    anchors = draw(st.lists(members().filter(lambda made: _constraints(made).ca), min_size=1, max_size=2))
    line = [anchors[0]]
    for name in ["B", "C", "D"][: draw(st.integers(0, 3))]:
        ca, length = draw(st.sampled_from([True] * 9 + [False])), draw(st.sampled_from([None, None, None, 0, 1]))
        line.append(_below(line[-1], name, draw(st.integers(0, 3)), draw(KEY_OF_ISSUER), ca=ca, length=length))
    leaf = _below(line[-1], "leaf", 0, draw(KEY_OF_ISSUER), ca=False)
    sent = draw(st.permutations([*line[1:], *draw(st.lists(members(), max_size=2))]))
    return leaf, sent[: len(sent) - draw(st.sampled_from([0, 0, 0, 1]))], anchors


KEY_OF_ISSUER = st.sampled_from([None] * 12 + [0, 1, 2, 3])


def _below(issuer: Made, name: str, key: int, issuer_key: int | None, **constraints: object) -> Made:
    said = issuer.certificate.subject.rfc4514_string().removeprefix("CN=")
    return issued(name, key, said, KEYS.index(issuer.key) if issuer_key is None else issuer_key, **constraints)


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_a_chain_is_found_where_there_is_one_and_nowhere_else(world: tuple[Made, list[Made], list[Made]]) -> None:
    leaf, sent, anchors = world
    trust = Anchors(anchor_in_pem(one.pem) for one in anchors)
    expected = set(_chains(leaf, sent, anchors))
    try:
        chain = trust.chain(leaf.shown, [one.shown for one in sent], NOW)
    except ChainError:
        assert expected == set()
        return
    found = tuple(one.fingerprint for one in (*chain.below, chain.anchor))
    assert found in set(_chains(leaf, sent, anchors, names_once=False))
    assert not expected or len(found) <= min(map(len, expected))


def _chains(
    leaf: Made, sent: Sequence[Made], anchors: Sequence[Made], *, names_once: bool = True
) -> Iterator[tuple[str, ...]]:
    """Yield all chains, as fingerprints. `names_once`: without those in which two certificates have one name.

    Nothing in these certificates says which of the two is meant, and OpenSSL tries one.
    """
    trusted = {one.fingerprint for one in anchors}
    if leaf.fingerprint in trusted:
        return
    for count in range(len(sent) + 1):
        for between in permutations(sent, count):
            if any(one.fingerprint in trusted or _is_self_issued(one) for one in between):
                continue  # OpenSSL takes what names itself as its issuer for the end of a chain
            for anchor in anchors:
                path = (leaf, *between, anchor)
                if names_once and len({one.certificate.subject for one in path}) < len(path):
                    continue
                if all(map(_has_issued, path[1:], path)) and all(map(_may_issue, path[1:], range(len(path)))):
                    yield tuple(one.fingerprint for one in path)


def _has_issued(issuer: Made, certificate: Made) -> bool:
    try:
        certificate.certificate.verify_directly_issued_by(issuer.certificate)
    except (ValueError, InvalidSignature):
        return False
    return True


def _may_issue(issuer: Made, between: int) -> bool:
    """Whether it is a CA that allows so many CAs between it and the leaf."""
    said = _constraints(issuer)
    return said.ca and (said.path_length is None or between <= said.path_length)


def _constraints(made: Made) -> x509.BasicConstraints:
    return made.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value


def _is_self_issued(made: Made) -> bool:
    return made.certificate.subject == made.certificate.issuer
