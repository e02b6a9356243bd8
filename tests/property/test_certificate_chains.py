"""Whatever order certificates come in, and whatever lies among them: the chain of a certificate is one and the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import Made, make
from seon import pki
from seon.backend.trust.chains import ordered


def _world(depth: int) -> list[Made]:
    made = [make("root 0", ca=True)]
    for level in range(1, depth):
        made.append(make(f"level {level}", issuer=made[-1], ca=level < depth - 1))
    return made


CHAINS = [_world(depth) for depth in (1, 2, 3, 4, 5)]
"""Chains of their own roots, each from its root to its leaf."""
STRANGERS = [make("level 1", ca=True), make("root 0", ca=True), make("a station")]
"""Two bear names of the chains above, and have other keys."""


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Made], list[pki.Certificate], list[pki.Certificate]]:
    """A chain, what is brought, and what is stored: the chain's members are divided between both, or left out."""
    chain = draw(st.sampled_from(CHAINS))
    where = [draw(st.sampled_from(["brought", "stored", "both", "nowhere"])) for _ in chain[:-1]]
    noise = draw(
        st.lists(st.sampled_from([*STRANGERS, *(held for other in CHAINS if other is not chain for held in other)]))
    )
    brought = [held.certificate for held, place in zip(chain, where, strict=False) if place in ("brought", "both")]
    stored = [held.certificate for held, place in zip(chain, where, strict=False) if place in ("stored", "both")]
    brought += [chain[-1].certificate, *(held.certificate for held in noise)]
    return chain, draw(st.permutations(brought)), draw(st.permutations(stored))


@settings(max_examples=200, deadline=None)
@given(cases())
def test_each_issuer_follows_what_it_has_issued_up_to_the_first_that_is_missing(
    case: tuple[list[Made], list[pki.Certificate], list[pki.Certificate]],
) -> None:
    chain, brought, stored = case
    found = ordered(chain[-1].certificate, brought, stored)
    known = {pki.fingerprint(held) for held in (*brought, *stored)}
    expected = [chain[-1].certificate]
    for held in reversed(chain[:-1]):
        if held.fingerprint not in known:
            break
        expected.append(held.certificate)
    is_whole = len(expected) == len(chain)
    root = chain[0].certificate
    if is_whole and len(chain) > 1 and root not in brought:
        expected.pop()  # a stored root is not sent along
    assert list(found.certificates) == expected
    assert found.rooted == is_whole
    assert bool(found.gap) == (not is_whole)
    assert pki.issuer_of(expected[-1]) in (found.gap or pki.issuer_of(expected[-1]))
    assert set(map(pki.fingerprint, found.certificates)).isdisjoint(map(pki.fingerprint, found.unused))
    assert ordered(chain[-1].certificate, reversed(brought), reversed(stored)).certificates == found.certificates
