"""Seonapi's word about clients crosses clients: they can hold it back, and neither make nor change it."""

import msgspec
import pytest

from seon.link.identity import IdentityError, new_link_ca, proxy_id_of
from seon.link.standing import Standing, signed, verified
from seon.pki import new_ed25519_key

CA, _ = new_link_ca()
CA_KEY = CA.public_key().public_bytes_raw()
OURS = proxy_id_of(new_ed25519_key().public_key())
MARKS = {"0" * 32: 0.0, "a" * 32: 1_764_177_000.25}
SAID = signed(CA, Standing(OURS, 7, 1_764_000_000.5, MARKS))


def test_what_seonapi_says_arrives_as_it_was() -> None:
    assert verified(msgspec.json.encode(SAID), CA_KEY, OURS) == SAID


@pytest.mark.parametrize(
    "change",
    [
        {"marks": {**MARKS, "b" * 32: 0.0}},
        {"marks": {"0" * 32: 0.0}},
        {"marks": {**MARKS, "a" * 32: 0.0}},
        {"time": SAID.time + 1},
        {"version": SAID.version + 1},
        {"proxy_id": proxy_id_of(new_ed25519_key().public_key())},
        {"signature": bytes(64)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_list_is_refused(change: dict) -> None:
    with pytest.raises(IdentityError, match="not signed by Seonapi"):
        verified(msgspec.json.encode(msgspec.structs.replace(SAID, **change)), CA_KEY, OURS)


def test_the_list_of_another_server_or_another_seonapi_is_refused() -> None:
    another = proxy_id_of(new_ed25519_key().public_key())
    with pytest.raises(IdentityError, match="another server's"):
        verified(msgspec.json.encode(SAID), CA_KEY, another)
    forged = signed(new_link_ca()[0], SAID)
    with pytest.raises(IdentityError, match="not signed by Seonapi"):
        verified(msgspec.json.encode(forged), CA_KEY, OURS)


@pytest.mark.parametrize("octets", [b"", b"null", b"[]", b"{" * 100_000, b'{"proxy_id":"x"}'])
def test_what_is_no_list_is_refused_in_words(octets: bytes) -> None:
    with pytest.raises(IdentityError, match="cannot be read"):
        verified(octets, CA_KEY, OURS)
