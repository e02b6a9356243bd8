"""A chain is put in order, completed from what is stored, or its gap is named."""

import datetime as dt
import subprocess
from pathlib import Path

import pytest

from certificates import Made, certified, make
from seon.backend.trust.chains import Chain, has_issued, leaf_among, ordered
from seon.pki import certificate_in_pem, certificates_in_pem

ROOT = make("root", ca=True)
SUB = make("sub", issuer=ROOT, ca=True)
LEAF = make("leaf", issuer=SUB)
OTHER = make("another", issuer=make("another root", ca=True))


def names(chain: Chain) -> list[str]:
    return [held.subject.rfc4514_string().removeprefix("CN=") for held in chain.certificates]


def test_a_chain_is_put_in_order_and_what_does_not_belong_to_it_is_left_out() -> None:
    chain = ordered(LEAF.certificate, [ROOT.certificate, OTHER.certificate, SUB.certificate, LEAF.certificate])
    assert names(chain) == ["leaf", "sub", "root"]
    assert (chain.gap, chain.rooted) == ("", True)
    assert chain.unused == (OTHER.certificate,)
    assert certificates_in_pem(chain.pem()) == list(chain.certificates)


def test_a_gap_is_named() -> None:
    chain = ordered(LEAF.certificate, [ROOT.certificate])
    assert names(chain) == ["leaf"]
    assert chain.gap == "the certificate of CN=sub that issued CN=leaf is missing"


def test_a_gap_is_closed_by_what_is_stored_and_a_stored_root_ends_the_chain_without_being_sent() -> None:
    chain = ordered(LEAF.certificate, [], [ROOT.certificate, OTHER.certificate, SUB.certificate])
    assert names(chain) == ["leaf", "sub"]
    assert (chain.gap, chain.rooted, chain.unused) == ("", True, ())


def test_a_chain_without_its_root_names_the_root() -> None:
    assert (
        ordered(LEAF.certificate, [SUB.certificate]).gap == "the certificate of CN=root that issued CN=sub is missing"
    )


def test_a_self_signed_certificate_is_its_own_chain() -> None:
    own = make("own")
    assert names(ordered(own.certificate, [ROOT.certificate])) == ["own"]
    assert ordered(own.certificate, []).rooted


def test_an_issuer_of_the_same_name_with_another_key_is_none() -> None:
    impostor = make("sub", issuer=ROOT, ca=True)
    assert names(ordered(LEAF.certificate, [impostor.certificate])) == ["leaf"]


def test_an_issuer_that_is_no_ca_is_none() -> None:
    station = make("station")
    issued = make("issued", issuer=make("no CA", issuer=ROOT))
    assert ordered(issued.certificate, [station.certificate, ROOT.certificate]).missing == "CN=no CA"


def test_of_two_issuers_with_one_key_the_one_below_a_root_is_taken_and_the_one_that_is_valid_longer() -> None:
    crossed = Made(certified(ROOT.key.public_key(), "root", OTHER, days=20, extensions=SUBCA), ROOT.key)
    longer = Made(certified(ROOT.key.public_key(), "root", OTHER, days=25, extensions=SUBCA), ROOT.key)
    chain = ordered(SUB.certificate, [ROOT.certificate, crossed.certificate, longer.certificate])
    assert chain.certificates[1] == longer.certificate


def test_one_that_is_valid_is_taken_before_one_that_makes_the_chain_longer_and_has_expired() -> None:
    expired = certified(ROOT.key.public_key(), "root", OTHER, days=-1, extensions=SUBCA)
    chain = ordered(SUB.certificate, [expired, ROOT.certificate])
    assert (names(chain), chain.certificates[-1]) == (["sub", "root"], ROOT.certificate)
    soon = certified(ROOT.key.public_key(), "root", OTHER, days=5, extensions=SUBCA)
    in_ten_days = dt.datetime.now(dt.UTC) + dt.timedelta(days=10)
    assert ordered(SUB.certificate, [soon, ROOT.certificate]).certificates[1] == soon
    assert ordered(SUB.certificate, [soon, ROOT.certificate], at=in_ten_days).certificates[1] == ROOT.certificate


def test_one_that_is_stored_and_has_expired_completes_nothing_and_the_gap_stays_named() -> None:
    sub = make("sub", issuer=ROOT, ca=True, days=-1)
    leaf = make("leaf", issuer=sub)
    chain = ordered(leaf.certificate, [], [sub.certificate, ROOT.certificate])
    assert (names(chain), chain.missing, chain.rooted) == (["leaf"], "CN=sub", False)
    assert names(ordered(leaf.certificate, [sub.certificate], [ROOT.certificate])) == ["leaf", "sub"]


SUBCA = [(ext.value, ext.critical) for ext in SUB.certificate.extensions]


def test_two_that_have_issued_each_other_do_not_go_round_for_ever() -> None:
    one, two = make("one", ca=True), make("two", ca=True)
    crossed = [
        certified(one.key.public_key(), "one", two, extensions=SUBCA),
        certified(two.key.public_key(), "two", one, extensions=SUBCA),
    ]
    leaf = make("leaf", issuer=one)
    assert names(ordered(leaf.certificate, crossed)) == ["leaf", "one", "two"]


def test_the_leaf_is_the_one_that_has_issued_none_of_the_others() -> None:
    assert leaf_among([ROOT.certificate, LEAF.certificate, SUB.certificate]) == [LEAF.certificate]
    assert leaf_among([ROOT.certificate]) == [ROOT.certificate]


@pytest.mark.parametrize("algorithm", ["sha1", "md5"])
def test_a_chain_signed_with_a_broken_hash_is_put_in_order_all_the_same(algorithm: str, tmp_path: Path) -> None:
    ca, leaf, key, request = (tmp_path / name for name in ("ca.pem", "leaf.pem", "ca.key", "request"))
    for command in (
        f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {ca} -subj /CN=old -days 9 -{algorithm}",
        f"openssl req -newkey rsa:2048 -nodes -keyout {tmp_path / 'leaf.key'} -out {request} -subj /CN=leaf",
        f"openssl x509 -req -in {request} -CA {ca} -CAkey {key} -CAcreateserial -{algorithm} -out {leaf} -days 9",
    ):
        subprocess.run(command.split(), capture_output=True, check=True)
    old, issued = certificate_in_pem(ca.read_bytes()), certificate_in_pem(leaf.read_bytes())
    chain = ordered(issued, [old])
    assert names(chain) == ["leaf", "old"]
    assert chain.rooted
    assert not has_issued(ROOT.certificate, issued)
