"""What an administrator can do with revocation lists."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from seon.backend.acting import audit
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.certificates import read_chain
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.queue.models import Job
from seon.backend.revocation.authorities import known_authorities, peer_in
from seon.backend.revocation.destinations import DownloadError, target_of
from seon.backend.revocation.keeping import MOST_LISTS, NotTakenError, check, counted, is_unchanged, take_over
from seon.backend.revocation.models import CrlIssuer, CrlUrl, HeldList, RevocationSettings
from seon.backend.revocation.places import JOB, issuer_of
from seon.backend.revocation.settling import tell_new
from seon.events import shown
from seon.pki import PeerCertificate, PkiError, pem_of
from seon.pki.lists import CertificateList, count_entries, read_list, signature_problem


@dataclass(frozen=True, slots=True)
class Given:
    """A revocation list that was brought by hand, and read."""

    found: CertificateList
    issuer: PeerCertificate
    """The CA whose key has signed it."""
    is_issuer_given: bool
    """Whether its certificate was brought, too."""
    entries: int


def add_list(by: Actor, octets: bytes, issuer: bytes | None = None, url: str = "") -> HeldList:
    """Take over a revocation list that was brought by hand, for all that its CA has issued.

    `issuer`: the CA's certificate in any usual form; None: it is looked for among what is known here. `url`: the list
    is for this distribution point. Raises OperatorError.

    It is read before the act: a large one takes seconds, and nobody else can write to the database in an act.
    """
    try:
        found = read_list(octets)
        signer = _issuer(found, issuer)
        given = Given(found, signer, issuer is not None, count_entries(found))
    except PkiError as error:
        raise OperatorError(f"The file is not taken: {error}") from None
    return put_list(by, given, url)


@act("crl.add", Right.TRUST)
def put_list(_: Actor, given: Given, url: str = "") -> HeldList:
    """Take over a revocation list that was read; `url` as in `add_list`. Raises OperatorError."""
    found = given.found
    try:
        if url:
            target_of(url)
        take_turn()
        place = _place(found, issuer_of(given.issuer, is_ours=given.is_issuer_given), url)
        if is_unchanged(found.der, place):
            raise OperatorError(f"This list is in force already: {place}")
        check(found, place, timezone.now())
        held = take_over(found, place, given.entries)
    except PkiError as error:
        raise OperatorError(f"The file is not taken: {error}") from None
    except (NotTakenError, DownloadError) as error:
        raise OperatorError(f"The list is not taken: {error}") from None
    place.result, place.last_try = f"given by hand: {counted(held.entries)}", timezone.now()
    place.save(update_fields=["result", "last_try"])
    tell_new(held)
    audit.note(f"revocation list of {place.issuer}", f"taken over for {place}: {counted(held.entries)}")
    return held


def _place(found: CertificateList, issuer: CrlIssuer, url: str) -> CrlUrl:
    """Return the place of a list that was brought by hand: a partitioned one is for an address that it names."""
    if not url and found.points:
        named = CrlUrl.objects.filter(issuer=issuer, url__in=found.points).first()
        url = named.url if named else found.points[0]
    place = CrlUrl.objects.select_related("issuer", "held").filter(issuer=issuer, url=url).first()
    if place is not None:
        return place
    if CrlUrl.objects.count() >= MOST_LISTS:
        raise OperatorError(f"There are {MOST_LISTS} revocation lists already: seonapi crl remove")
    return CrlUrl.objects.create(issuer=issuer, url=url, by_hand=True)


def _issuer(found: CertificateList, given: bytes | None) -> PeerCertificate:
    """Return the certificate of the CA that has signed a list. Raises OperatorError."""
    if given is not None:
        return _signer(found, [peer_in(pem_of(one)) for one in read_chain(given)], "the certificate that was given")
    return _signer(found, known_authorities(), "one of the CAs known here; name its certificate with --issuer FILE")


def _signer(found: CertificateList, among: Sequence[PeerCertificate], whom: str) -> PeerCertificate:
    problems = {}
    for certificate in among:
        problems[problem := signature_problem(found, certificate)] = certificate
        if not problem:
            return certificate
    near = next((f" ({problem})" for problem in problems if "another CA" not in problem), "")
    raise OperatorError(f"The list of {shown(found.issuer)} is not signed by {whom}{near}")


@act("crl.remove", Right.TRUST)
def remove_place(_: Actor, reference: str) -> str:
    """Remove a place with its list, by its number or address; what a server reports again comes back.

    Returns what was removed. Raises OperatorError.
    """
    take_turn()
    place = find(reference)
    what = str(place)
    audit.note(f"revocation list of {place.issuer}", f"removed: {what}")
    place.delete()
    if not place.issuer.places.exists():
        place.issuer.delete()
    return what


def find(reference: str) -> CrlUrl:
    """Return the place of a number or an address. Raises OperatorError."""
    places = CrlUrl.objects.select_related("issuer", "held")
    if reference.isascii() and reference.isdigit() and len(reference) < 19:
        found = list(places.filter(pk=int(reference)))
    else:
        found = list(places.filter(url=reference).exclude(url=""))
    if len(found) > 1:
        numbers = ", ".join(str(place.pk) for place in found)
        raise OperatorError(f"Several CAs have lists there: name one by its number ({numbers})")
    if not found:
        raise OperatorError(f"There is no revocation list {shown(reference, 200)!r}: seonapi crl list")
    return found[0]


@act("crl.fetch", Right.TRUST)
def fetch_soon(_: Actor, reference: str = "") -> int:
    """Have the queue daemon fetch a list now, by its number or address; "" for all that have an address.

    Returns how many. Raises OperatorError for one that was given by hand.
    """
    places = CrlUrl.objects.exclude(url="")
    if reference:
        place = find(reference)
        if not place.url:
            raise OperatorError("That list was given by hand, and has no address: bring a newer one (seonapi crl add)")
        places = places.filter(pk=place.pk)
    count = places.update(next_try=None)
    if not count:
        raise OperatorError("There is no list with an address: bring one by hand (seonapi crl add)")
    Job.objects.update_or_create(name=JOB, defaults={"asked_for": True})
    audit.note("revocation lists", f"to be fetched now: {reference or 'all'}")
    return count


@act("crl.set", Right.TRUST)
def set_fetching(
    _: Actor, *, http_proxy: str | None = None, private_networks: str | None = None, refresh_hours: int | None = None
) -> RevocationSettings:
    """Change how lists are fetched; what is None stays. Raises OperatorError for a value that is not allowed."""
    take_turn()
    row = RevocationSettings.load()
    given = {"http_proxy": http_proxy, "private_networks": private_networks, "refresh_hours": refresh_hours}
    for name, value in given.items():
        if value is not None:
            setattr(row, name, value)
    row.save()
    return row
