import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seon.oftp2.commands import EndToEndResponse
from seon.oftp2.errors import LocalError
from seon.oftp2.reasons import NegativeReason
from seon.oftp2.receiving import negative_receipt_for, receipt_for
from seon.oftp2.signed_receipts import signed_octets
from seon.station import receipts
from seon.station.cms import CmsError
from seon.station.keys import OwnKey, PeerKey
from seon.station.outgoing import Addressing, Offer, describe
from seon.station.receipts import Proof, ReceiptBook, signed_receipt
from session_keys import certificate_of, content_by_openssl, key_of, write

MakeOffer = Callable[..., Offer]
CONTENT = b"what was sent"
BOB = OwnKey(key_of("BOB"), (certificate_of("BOB"),))
FROM_BOB = PeerKey(certificate_of("BOB"))


@pytest.fixture
def offer(tmp_path: Path) -> Iterator[Callable[..., Offer]]:
    made: list[Offer] = []

    def make(suite: int = 4, name: str = "ORDERS", content: bytes = CONTENT) -> Offer:
        path = tmp_path / f"{name}.{len(made)}"
        path.write_bytes(content)
        addressing = Addressing("O0013BOB", "O0013ALICE", signed_receipts=suite)
        made.append(Offer(path, describe(path, name, "202601311205070001", addressing)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def receipt_of(one: Offer, by: OwnKey = BOB) -> EndToEndResponse:
    start = one.file.start
    receipt = signed_receipt(receipt_for(start), start, one.source.file, by)
    assert isinstance(receipt, EndToEndResponse)
    return receipt


def book(one: Offer, peer: PeerKey | None = FROM_BOB, directory: Path | None = None) -> ReceiptBook:
    made = ReceiptBook(peer, directory)
    made.sent(one)
    return made


@pytest.mark.parametrize(("suite", "digest"), [(3, "sha256"), (4, "sha256"), (5, "sha512"), (6, "sha512")])
def test_a_signed_receipt_is_believed_by_us_and_by_openssl(
    offer: MakeOffer, tmp_path: Path, suite: int, digest: str
) -> None:
    one = offer(suite)
    receipt = receipt_of(one, OwnKey(key_of("BOB"), tuple(map(certificate_of, ("BOB", "Issuer for stations")))))
    assert receipt.hash == hashlib.new(digest, CONTENT).digest()
    kept = book(one, directory=tmp_path / "kept")
    assert kept.check(receipt) == (Proof.VALID, "")
    path = kept.keep(receipt)
    assert path is not None
    assert content_by_openssl(path, write(tmp_path, "BOB").root) == signed_octets(receipt)


def test_a_negative_receipt_is_signed_too(offer: MakeOffer) -> None:
    one = offer()
    start = one.file.start
    plain = negative_receipt_for(start, NegativeReason.NOT_DELIVERED, "O0013BOB", "gone")
    receipt = signed_receipt(plain, start, one.source.file, BOB)
    assert book(one).check(receipt) == (Proof.VALID, "")
    assert book(one).check(replace(receipt, creator="O0013MALLORY"))[0] is Proof.WRONG


@pytest.mark.parametrize(("suite", "error"), [(1, CmsError), (2, CmsError), (7, LocalError)])
def test_what_cannot_be_signed_is_an_error(offer: MakeOffer, suite: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        receipt_of(offer(suite))


def test_a_missing_signature_is_missed_only_where_it_was_asked_for(offer: MakeOffer) -> None:
    asked, not_asked = offer(), offer(0, "OTHER")
    kept = book(asked)
    kept.sent(not_asked)
    assert kept.check(receipt_for(asked.file.start))[0] is Proof.MISSING
    assert kept.check(receipt_for(not_asked.file.start)) == (Proof.NONE, "")


def test_another_key_is_not_believed(offer: MakeOffer) -> None:
    one = offer()
    forged = receipt_of(one, OwnKey(key_of("MALLORY"), (certificate_of("MALLORY"), certificate_of("BOB"))))
    assert book(one).check(forged)[0] is Proof.WRONG


def test_the_receipt_of_one_file_is_none_for_another(offer: MakeOffer) -> None:
    one, other = offer(), offer(name="OTHER")
    kept = book(one)
    kept.sent(other)
    moved = replace(receipt_of(one), name="OTHER")
    assert kept.check(moved) == (Proof.WRONG, "the signature is for another receipt")


def test_a_receipt_for_other_content_is_not_believed(offer: MakeOffer) -> None:
    one, other = offer(), offer(content=b"something else")
    assert book(one).check(receipt_of(other)) == (Proof.WRONG, "the receipt is for other content than was sent")


def test_fields_that_no_receipt_can_have_are_no_fault_of_ours(offer: MakeOffer) -> None:
    one = offer()
    assert book(one).check(replace(receipt_of(one), name="lower case"))[0] is Proof.WRONG


def test_without_a_certificate_a_signature_is_not_judged(offer: MakeOffer) -> None:
    one = offer()
    assert book(one, None).check(receipt_of(one)) == (Proof.UNCHECKED, "")


def test_of_a_file_that_is_forgotten_the_signature_still_counts(
    offer: MakeOffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = offer(), offer(name="OTHER")
    receipt = receipt_of(one)
    monkeypatch.setattr(receipts, "MOST_REMEMBERED", 1)
    kept = book(one)
    kept.sent(other)
    assert kept.check(receipt) == (Proof.VALID, "")
    assert kept.check(receipt_for(one.file.start)) == (Proof.NONE, ""), "forgotten"
    assert kept.check(receipt_for(other.file.start))[0] is Proof.MISSING, "remembered"


def test_a_file_that_cannot_be_read_again_is_not_compared(offer: MakeOffer) -> None:
    one = offer()
    receipt = receipt_of(one)
    one.close()
    one.source.file = Unreadable()  # type: ignore[assignment]
    assert book(one).check(receipt) == (Proof.VALID, "")


class Unreadable:
    """A file on a disk that is gone."""

    def seek(self, _offset: int, _whence: int = 0) -> int:
        raise OSError(5, "Input/output error")

    def close(self) -> None:
        pass


def test_only_signatures_are_kept_and_their_names_stay_in_the_directory(offer: MakeOffer, tmp_path: Path) -> None:
    one = offer()
    directory = tmp_path / "a" / "kept"
    kept = book(one, directory=directory)
    assert kept.keep(receipt_for(one.file.start)) is None
    path = kept.keep(replace(receipt_of(one), name="../../ORDERS", originator="../BOB"))
    assert path is not None
    assert path.parent == directory
    assert list(directory.iterdir()) == [path]
    assert ReceiptBook(FROM_BOB).keep(receipt_of(one)) is None


@pytest.mark.parametrize("proof", Proof)
def test_good_is_what_is_as_asked_for(proof: Proof) -> None:
    assert proof.good is (proof not in {Proof.MISSING, Proof.WRONG})
