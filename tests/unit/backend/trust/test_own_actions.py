"""What an administrator does with own certificates, and what is said before anything changes."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from django.utils import timezone

from certificates import Made, certified, make
from seon import pki
from seon.backend.acting.actors import owner
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.trust.models import ChainCertificate, OwnCertificate, OwnKey
from seon.backend.trust.own import in_use, private_key_of
from seon.backend.trust.own_actions import (
    Added,
    Addition,
    KeyKind,
    RequestWanted,
    add_authorities,
    add_certificate,
    go_back,
    keep_in_use,
    prepare_request,
    remove,
    remove_authority,
    remove_request,
    rename,
    request_certificate,
    use_certificate,
)

ROOT = make("root", ca=True)
SUB = make("sub", issuer=ROOT, ca=True)
BY = owner()


def add(*files: bytes | str, **options: Any) -> Added:
    octets = [file.encode() if isinstance(file, str) else file for file in files]
    return add_certificate(BY, Addition(files=octets, **options))


def codes(findings: Sequence[Any]) -> list[str]:
    return [finding.code for finding in findings]


def requested(named: str = "us", **options: Any) -> tuple[OwnKey, pki.PublicKey]:
    key = request_certificate(BY, prepare_request(RequestWanted(common_name=named, kind=KeyKind.P_256, **options)))
    return key, pki.key_in_request(key.request)


# --- requests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KeyKind)
def test_a_request_says_who_we_are_and_its_key_is_stored_encrypted(kind: KeyKind) -> None:
    hosts = ["oftp.example", "B.example"]
    wanted = RequestWanted(common_name="oftp.example", hosts=hosts, odette_id="O0013ACME", kind=kind)
    key = request_certificate(BY, prepare_request(wanted))
    request = x509.load_pem_x509_csr(key.request.encode())
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "2.5.4.5=O0013ACME,CN=oftp.example"
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in names] == ["oftp://O0013ACME", "oftp.example", "b.example"]
    public = request.public_key()
    assert f"{'rsa' if isinstance(public, rsa.RSAPublicKey) else 'p'}-{public.key_size}" == kind  # type: ignore[union-attr]
    assert key.digest == pki.key_digest(public)
    assert b"PRIVATE" not in key.sealed


def test_the_certificate_finds_the_key_of_its_request() -> None:
    key, public = requested("oftp.example", name="Renewal")
    issued = certified(public, "oftp.example", SUB, days=365)
    added = add(pki.pem_of(issued), SUB.pem, ROOT.pem)
    assert (added.own.key, added.own.name, added.is_new) == (key, "Renewal", True)
    assert pki.is_key_of(pki.private_key_in_pem(private_key_of(added.own)), issued)
    assert not OwnCertificate.objects.filter(in_use=True).exists(), "an addition puts nothing in use"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (RequestWanted(common_name=""), "cannot be"),
        (RequestWanted(common_name="x" * 65), "cannot be"),
        (RequestWanted(common_name="x", odette_id="o0013"), "is no Odette ID"),
        (RequestWanted(common_name="x", odette_id="O" * 26), "is no Odette ID"),
        (RequestWanted(common_name="x", hosts=["a b"]), "'a b' is no DNS name"),
        (RequestWanted(common_name="x", hosts=["https://a.example"]), "is no DNS name"),
        (RequestWanted(common_name="x", hosts=["ä.example"]), "is no DNS name"),
        (RequestWanted(common_name="x", hosts=[f"{n}.example" for n in range(51)]), "at most 50"),
    ],
)
def test_a_request_that_no_ca_could_read_is_refused_in_words(wanted: RequestWanted, reason: str) -> None:
    with pytest.raises(OperatorError, match=reason):
        prepare_request(wanted)


def test_two_requests_of_one_name_cannot_be_told_apart_so_the_second_is_refused() -> None:
    requested("us")
    with pytest.raises(OperatorError, match="'us' waits for its certificate already"):
        requested("us")
    assert OwnKey.objects.count() == 1


def test_a_request_is_removed_with_its_key() -> None:
    key, public = requested("us")
    assert remove_request(BY, "us").with_key
    with pytest.raises(OperatorError, match="There is no private key for CN=us"):
        add(pki.pem_of(certified(public, "us", SUB)))
    assert not OwnKey.objects.exists()
    with pytest.raises(OperatorError, match="There is no certificate request"):
        remove_request(BY, key.name)


# --- adding ---------------------------------------------------------------------------------------------------------


def test_an_addition_leaves_what_is_in_use() -> None:
    first = make("first")
    add(first.pem, first.key_pem, use=True)
    second = make("second")
    assert not add(second.pem, second.key_pem).own.in_use
    assert in_use() == OwnCertificate.objects.get(fingerprint=first.fingerprint)
    added = add(second.pem, second.key_pem, use=True)
    assert in_use() == added.own
    assert added.before
    assert added.before.fingerprint == first.fingerprint
    assert (added.is_new, added.chain_replaced) == (False, False)


def test_everything_may_come_in_one_pkcs12_and_in_any_order() -> None:
    leaf = make("leaf", issuer=SUB)
    lock = BestAvailableEncryption(b"word")
    octets = pkcs12.serialize_key_and_certificates(
        b"x", leaf.key, leaf.certificate, [ROOT.certificate, SUB.certificate], lock
    )  # fmt: skip
    with pytest.raises(OperatorError, match="protected by a password: give it with --password-file"):
        add(octets)
    with pytest.raises(OperatorError, match="The password of the PKCS#12 file is wrong"):
        add(octets, password=b"another")
    added = add(octets, password=b"word")
    held = pki.certificates_in_pem(added.own.chain)
    assert [pki.subject_of(one) for one in held] == ["CN=leaf", "CN=sub", "CN=root"]


def test_a_chain_with_its_root_first_is_put_in_order_and_a_password_for_an_open_key_is_not_needed() -> None:
    leaf = make("leaf", issuer=SUB)
    added = add(ROOT.pem + SUB.pem + leaf.pem, leaf.key_pem, password=b"not needed")
    assert added.own.fingerprint == leaf.fingerprint
    assert added.own.chain == leaf.pem + SUB.pem + ROOT.pem


def test_the_same_certificate_with_a_better_chain_replaces_the_chain_and_with_a_worse_one_does_not() -> None:
    leaf = make("leaf", issuer=SUB)
    added = add(leaf.pem, leaf.key_pem, use=True, force=True)
    assert codes(added.findings)[0] == "chain-gap"
    before = read_version()
    better = add(leaf.pem + SUB.pem)
    assert (better.is_new, better.chain_replaced, better.own.in_use) == (False, True, True)
    assert in_use().chain == leaf.pem + SUB.pem  # type: ignore[union-attr]
    assert read_version() > before, "clients fetch the better chain"
    worse = add(leaf.pem, leaf.key_pem)
    assert (worse.chain_replaced, worse.own.chain) == (False, leaf.pem + SUB.pem)
    assert OwnCertificate.objects.count() == 1


def crossed(days: float) -> str:
    """Return the root's certificate as another CA has issued it: with it a chain is longer."""
    subca = [(extension.value, extension.critical) for extension in SUB.certificate.extensions]
    return pki.pem_of(certified(ROOT.key.public_key(), "root", make("other", ca=True), days=days, extensions=subca))


def test_what_is_in_use_gets_no_longer_chain_that_does_not_hold() -> None:
    leaf, expired = make("leaf", issuer=SUB), crossed(days=-1)
    own = add(leaf.pem, leaf.key_pem, SUB.pem, use=True).own
    added = add(leaf.pem, SUB.pem, expired)
    assert (added.chain_replaced, added.own.chain) == (False, leaf.pem + SUB.pem)
    assert add_authorities(BY, [expired.encode()])[1] == []
    other = make("second", issuer=SUB)
    assert add(other.pem, other.key_pem, SUB.pem, expired).completed == []
    assert add(leaf.pem).own.chain == OwnCertificate.objects.get(pk=own.pk).chain == leaf.pem + SUB.pem
    valid = crossed(days=20)
    assert add_authorities(BY, [valid.encode()])[1] == [own]
    assert OwnCertificate.objects.get(pk=own.pk).chain == leaf.pem + SUB.pem + valid


@pytest.mark.parametrize("start", [None, dt.timedelta(days=3)], ids=["in use", "planned"])
def test_what_is_in_use_or_will_be_gets_a_chain_that_is_unwise_in_another_way_only_by_force(
    start: dt.timedelta | None,
) -> None:
    old = make("sub", SUB.key, issuer=ROOT, ca=True, days=-1)
    leaf = make("leaf", issuer=SUB)
    add(leaf.pem, leaf.key_pem, use=True, use_from=start and timezone.now() + start, force=True)
    before = read_version()
    with pytest.raises(OperatorError, match=r"the certificate of CN=sub in its chain is not valid then.*--force"):
        add(leaf.pem, old.pem)
    assert (OwnCertificate.objects.get().chain, read_version()) == (leaf.pem, before)
    assert add(leaf.pem).own.chain == leaf.pem, "that it has a gap was forced before, and is not asked for again"
    assert add(leaf.pem, old.pem, force=True).own.chain == leaf.pem + old.pem
    assert add(leaf.pem, SUB.pem).own.chain == leaf.pem + SUB.pem


def test_the_stored_chains_are_read_once_however_many_are_to_be_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        leaf = make(f"leaf {number}", issuer=SUB)
        add(leaf.pem, leaf.key_pem)
    read: list[str] = []
    real = pki.certificates_in_pem
    monkeypatch.setattr(pki, "certificates_in_pem", lambda pem: read.append(pem) or real(pem))
    assert len(add_authorities(BY, [SUB.pem.encode()])[1]) == 6
    assert len([pem for pem in read if pem != SUB.pem]) <= 2 * 6


def test_a_chain_is_completed_from_what_another_certificate_has_brought() -> None:
    first, second = make("first", issuer=SUB), make("second", issuer=SUB)
    lonely = add(first.pem, first.key_pem).own
    added = add(second.pem + SUB.pem + ROOT.pem, second.key_pem)
    assert added.completed == [lonely]
    assert OwnCertificate.objects.get(pk=lonely.pk).chain == first.pem + SUB.pem, "a root is not sent along"
    third = make("third", issuer=SUB)
    assert add(third.pem, third.key_pem).own.chain == third.pem + SUB.pem


def test_ca_certificates_complete_chains_and_stay_no_more_than_that() -> None:
    leaf = make("leaf", issuer=SUB)
    own = add(leaf.pem, leaf.key_pem).own
    kept, completed = add_authorities(BY, [SUB.pem.encode(), ROOT.pem.encode()])
    assert ([held.subject for held in kept], completed) == (["CN=sub", "CN=root"], [own])
    assert OwnCertificate.objects.get(pk=own.pk).chain == leaf.pem + SUB.pem
    add_authorities(BY, [SUB.pem.encode()])
    assert ChainCertificate.objects.count() == 2
    remove_authority(BY, kept[0].fingerprint[:8])
    assert OwnCertificate.objects.get(pk=own.pk).chain == leaf.pem + SUB.pem
    with pytest.raises(OperatorError, match="is no CA certificate"):
        remove_authority(BY, kept[0].fingerprint)
    with pytest.raises(OperatorError, match="CN=leaf is not that of a CA"):
        add_authorities(BY, [(ROOT.pem + leaf.pem).encode()])


def test_one_key_may_have_several_certificates() -> None:
    old = make("old")
    renewed = Made(certified(old.key.public_key(), "new", old), old.key)
    add(old.pem, old.key_pem)
    added = add(renewed.pem)
    assert added.own.key.certificates.count() == 2
    assert not remove(BY, added.own.fingerprint).with_key
    assert OwnKey.objects.count() == 1
    assert remove(BY, "CN=old").with_key
    assert not OwnKey.objects.exists()


def test_what_does_not_belong_together_changes_nothing_and_is_said() -> None:
    one, two = make("one"), make("two")
    add(one.pem, one.key_pem, use=True)
    before = read_version(), list(OwnCertificate.objects.values_list("pk", "chain", "in_use"))
    with pytest.raises(OperatorError, match="do not belong together: the key is not the one of CN=two"):
        add(two.pem, one.key_pem)
    with pytest.raises(OperatorError, match="There is no private key for CN=two: give its file"):
        add(two.pem)
    with pytest.raises(OperatorError, match="a private key, but no certificate"):
        add(two.key_pem)
    with pytest.raises(OperatorError, match="it is a certificate request"):
        add(pki.new_request(two.key, "x"))
    assert (read_version(), list(OwnCertificate.objects.values_list("pk", "chain", "in_use"))) == before
    assert OwnKey.objects.count() == 1


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: make("x", rsa.generate_private_key(65_537, 1_024)), "needs at least 2048 bits, this one has 1024"),
        (lambda: make("x", pki.new_ed25519_key()), "only RSA and ECDSA"),
        (lambda: make("x", ec.generate_private_key(ec.SECP256K1())), "secp256k1, which TLS cannot use"),
    ],
)
def test_what_cannot_work_is_refused_also_with_force(made: Callable[[], Made], reason: str) -> None:
    own = made()
    with pytest.raises(OperatorError, match=reason):
        add(own.pem, own.key_pem, force=True)
    assert not OwnCertificate.objects.exists()
    assert not OwnKey.objects.exists()


@pytest.mark.parametrize(
    ("made", "code", "reason"),
    [
        (lambda: make("x", days=-1), "expired", "it has expired"),
        (lambda: make("x", issuer=SUB), "chain-gap", "the certificate of CN=sub that issued CN=x is missing"),
        (lambda: make("x", ec.generate_private_key(ec.BrainpoolP256R1())), "curve", "usual TLS programs do not take"),
    ],
)
def test_what_is_unwise_is_stored_but_used_only_with_force(made: Callable[[], Made], code: str, reason: str) -> None:
    own = made()
    with pytest.raises(OperatorError, match=f"not put in use: .*{reason}.*Nothing was changed; --force"):
        add(own.pem, own.key_pem, use=True)
    assert not OwnCertificate.objects.exists()
    assert code in codes(add(own.pem, own.key_pem).findings)
    with pytest.raises(OperatorError, match=reason):
        use_certificate(BY, "CN=x")
    assert in_use() is None
    assert code in codes(use_certificate(BY, "CN=x", force=True).findings)
    assert in_use()


# --- using ----------------------------------------------------------------------------------------------------------


def test_a_certificate_is_used_now_or_from_a_time_on_and_the_plan_can_be_forgotten() -> None:
    one, two = make("one"), make("two")
    add(one.pem, one.key_pem, use=True)
    add(two.pem, two.key_pem, name="next")
    at = timezone.now() + dt.timedelta(days=3)
    used = use_certificate(BY, "next", at)
    assert (used.own.use_from, used.own.in_use, used.before) == (at, False, in_use())
    with pytest.raises(OperatorError, match="is to be used from"):
        remove(BY, "next")
    assert keep_in_use(BY, "next").use_from is None
    with pytest.raises(OperatorError, match="No time is planned"):
        keep_in_use(BY, "next")
    assert use_certificate(BY, "next").own == in_use()
    with pytest.raises(OperatorError, match="in use already"):
        use_certificate(BY, "next")


def test_a_certificate_that_has_expired_by_then_is_said_when_it_is_planned() -> None:
    own = make("own", days=10)
    add(own.pem, own.key_pem)
    with pytest.raises(OperatorError, match="it has expired"):
        use_certificate(BY, "CN=own", timezone.now() + dt.timedelta(days=11))


def test_one_goes_back_to_the_certificate_before_and_forth_again() -> None:
    one, two = make("one"), make("two")
    with pytest.raises(OperatorError, match="No other certificate has been in use"):
        go_back(BY)
    for made in (one, two):
        add(made.pem, made.key_pem, use=True)
    back = go_back(BY)
    assert (back.own.subject, back.before.subject, in_use()) == ("CN=one", "CN=two", back.own)  # type: ignore[union-attr]
    assert go_back(BY).own.subject == "CN=two"


def test_the_one_in_use_cannot_be_removed_and_another_can() -> None:
    one, two = make("one"), make("two")
    for made in (one, two):
        add(made.pem, made.key_pem, use=True)
    with pytest.raises(OperatorError, match="is in use: put another one in use first"):
        remove(BY, "CN=two")
    assert remove(BY, "CN=one").what == "CN=one (CN=one)"
    with pytest.raises(OperatorError, match="No other certificate"):
        go_back(BY)


def test_a_name_is_changed() -> None:
    own = make("own")
    add(own.pem, own.key_pem)
    assert rename(BY, "CN=own", " Ours ").name == "Ours"
    for wrong in (" ", "x" * 121):
        with pytest.raises(OperatorError, match="1 to 120 characters"):
            rename(BY, "Ours", wrong)


@pytest.mark.parametrize("name", ["t61-umlauts.pem", "empty-rdn.pem"])
def test_a_certificate_whose_name_cannot_be_read_is_stored(name: str) -> None:
    pem = (Path(__file__).parents[3] / "vectors" / "certificates" / name).read_bytes()
    with pytest.raises(OperatorError, match=r"There is no private key for \(unreadable\)"):
        add(pem)
