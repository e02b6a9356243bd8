"""What is known of a certificate's revocation: by which list, and how old it may be."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type

from seon.admission.revocation import KnownList, RevocationLists, State
from seon.pki import Extensions, KeyFacts, PeerCertificate
from seon.pki.serials import KEY, ROW, key_of_number

DAY = 86_400.0
NOW = 1_800_000_000.0
URL, OTHER = "http://crl.example/ca.crl", "http://crl.example/other.crl"
REVOKED_AT = 1_767_323_045.0


def table(*serials: int) -> bytes:
    date = (20_260_102_030_405).to_bytes(ROW - KEY, "big")
    return b"".join(sorted(key_of_number(serial) + date for serial in serials))


def key(digest: str) -> KeyFacts:
    return KeyFacts("EC", 256, "secp256r1", digest)


def certificate(serial: str, name: bytes, extensions: Extensions | None) -> PeerCertificate:
    return PeerCertificate(
        der=b"",
        fingerprint=serial,
        subject=name.decode(),
        issuer="",
        subject_text=None,
        issuer_text=None,
        serial=serial,
        not_before=0.0,
        not_after=0.0,
        subject_der=name,
        issuer_der=b"ca",
        key=key(name.decode()),
        signature_hash="sha256",
        extensions=extensions,
        odette_ids=(),
    )


CA = certificate("1", b"ca", Extensions(is_ca=True))
LEAF = certificate("2a", b"leaf", Extensions(is_ca=False, crl_points=(URL,)))
LIST = KnownList(b"ca", "ca", URL, "ab" * 32, NOW - DAY, NOW + DAY, table(7, 9))
REVOKING = replace(LIST, table=table(0x2A))


def look(
    *lists: KnownList, certificate: PeerCertificate = LEAF, issuer: PeerCertificate = CA, max_age: float = 15 * DAY
):
    return RevocationLists.of(lists).look_up(certificate, issuer, NOW, max_age)


def pointing(*points: str, is_ca: bool | None = False) -> PeerCertificate:
    return replace(LEAF, extensions=Extensions(is_ca=is_ca, crl_points=points))


def test_a_fresh_list_without_it_is_good_and_one_with_it_revokes() -> None:
    good = look(LIST)
    assert (good.certificate, good.state, good.age, good.url) == (LEAF, State.GOOD, DAY, URL)
    revoked = look(REVOKING)
    assert (revoked.state, revoked.age, revoked.url, revoked.since) == (State.REVOKED, DAY, URL, REVOKED_AT)


def test_without_a_list_it_is_said_whether_one_should_be_there() -> None:
    assert (look().state, look().url, look().age) == (State.NOT_YET_KNOWN, URL, None)
    assert (look(certificate=pointing()).state, look(certificate=pointing()).url) == (State.NO_POINT, "")
    assert look(certificate=replace(LEAF, extensions=None)).state is State.NO_POINT


@pytest.mark.parametrize(
    "changed",
    [{"next_update": NOW - 1}, {"this_update": NOW - 15 * DAY - 1}, {"next_update": NOW - 1, "this_update": 0.0}],
)
def test_an_old_list_is_stale_by_its_own_word_or_by_the_largest_age(changed) -> None:
    assert look(replace(LIST, **changed)).state is State.STALE


def test_a_list_that_does_not_say_when_the_next_is_due_is_stale_by_its_age() -> None:
    assert look(replace(LIST, next_update=None)).state is State.GOOD
    assert look(replace(LIST, next_update=None), max_age=DAY - 1).state is State.STALE


def test_a_stale_list_still_revokes() -> None:
    assert look(replace(REVOKING, next_update=NOW - 1)).state is State.REVOKED


@pytest.mark.parametrize("other", [replace(CA, key=key("other")), replace(CA, subject_der=b"other")])
def test_a_list_counts_for_the_name_and_the_key_of_its_issuer_only(other) -> None:
    assert look(REVOKING, issuer=other).state is State.NOT_YET_KNOWN


@pytest.mark.parametrize("kind", [_ASN1Type.UTF8String, _ASN1Type.PrintableString, _ASN1Type.BMPString])
def test_a_list_counts_for_its_issuers_name_however_that_is_written(kind) -> None:
    """Who is revoked could choose the certificate of a renewed CA in which its name is written otherwise."""

    def written(kind, text: str) -> bytes:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text, kind)]).public_bytes()

    signed = replace(REVOKING, subject=written(_ASN1Type.UTF8String, "Example CA"))
    issuer = replace(CA, subject_der=written(kind, "EXAMPLE  CA"))
    assert look(signed, issuer=issuer).state is State.REVOKED
    assert look(signed, issuer=replace(issuer, subject_der=written(kind, "Example CB"))).state is State.NOT_YET_KNOWN


def test_a_list_given_by_hand_counts_for_all_of_its_issuers() -> None:
    for certificate in (LEAF, pointing(), pointing(OTHER), replace(LEAF, extensions=None)):
        assert look(replace(LIST, url=""), certificate=certificate).state is State.GOOD
        assert look(replace(REVOKING, url=""), certificate=certificate).state is State.REVOKED


def test_a_list_from_elsewhere_revokes_and_does_not_say_that_all_is_good() -> None:
    assert look(replace(REVOKING, url=OTHER)).state is State.REVOKED
    assert look(replace(LIST, url=OTHER)).state is State.NOT_YET_KNOWN
    assert look(replace(LIST, url=OTHER), certificate=pointing()).state is State.GOOD


def test_a_partitioned_list_counts_for_its_own_points_only() -> None:
    ours, theirs = replace(LIST, points=(URL,)), replace(REVOKING, points=(OTHER,), url=OTHER)
    assert look(ours, theirs).state is State.GOOD
    assert look(theirs).state is State.NOT_YET_KNOWN
    assert look(replace(theirs, points=(OTHER, URL))).state is State.REVOKED
    assert look(ours, certificate=pointing()).state is State.NO_POINT


def test_of_several_points_one_fresh_list_is_enough_and_any_can_revoke() -> None:
    certificate, old = pointing(OTHER, URL), replace(LIST, url=OTHER, next_update=NOW - 1, this_update=NOW - 2)
    assert look(LIST, certificate=certificate).state is State.GOOD
    found = look(old, LIST, certificate=certificate)
    assert (found.state, found.url) == (State.GOOD, URL)
    assert look(old, certificate=certificate).state is State.STALE
    assert look(LIST, replace(REVOKING, url=OTHER), certificate=certificate).state is State.REVOKED


@pytest.mark.parametrize(("is_ca", "state"), [(False, State.GOOD), (True, State.NOT_YET_KNOWN), (None, State.GOOD)])
def test_a_list_of_user_certificates_does_not_count_for_a_ca(is_ca, state) -> None:
    assert look(replace(LIST, only_users=True), certificate=pointing(URL, is_ca=is_ca)).state is state


@pytest.mark.parametrize(
    ("is_ca", "state"), [(False, State.NOT_YET_KNOWN), (True, State.GOOD), (None, State.NOT_YET_KNOWN)]
)
def test_a_list_of_ca_certificates_counts_for_cas_only(is_ca, state) -> None:
    assert look(replace(LIST, only_cas=True), certificate=pointing(URL, is_ca=is_ca)).state is state


def test_who_cannot_be_read_is_revoked_by_any_list_of_its_issuer_and_good_by_none_for_some_only() -> None:
    unread = replace(LEAF, extensions=None)
    for some in ({"only_users": True}, {"only_cas": True}, {"points": (OTHER,)}):
        assert look(replace(REVOKING, **some), certificate=unread).state is State.REVOKED
        assert look(replace(LIST, **some), certificate=unread).state is State.NO_POINT


@pytest.mark.parametrize("serial", ["-5", "0", "f" * 60])
def test_unusual_serial_numbers_are_found(serial) -> None:
    number = int(serial, 16)
    assert look(replace(LIST, table=table(number)), certificate=replace(LEAF, serial=serial)).state is State.REVOKED
    assert look(replace(LIST, table=table(number + 1)), certificate=replace(LEAF, serial=serial)).state is State.GOOD
