"""What an administrator does with the company's own certificates: request, add, use, go back, rename, remove."""

import re
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.utils import timezone

from seon import pki
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.certificates import Readable, describe_certificate, named, read_files
from seon.backend.configuration.versioned import raise_version
from seon.backend.errors import OperatorError
from seon.backend.trust.chains import Chain, leaf_among, ordered
from seon.backend.trust.judging import Finding, Weight, is_sound, judge, named_key, those
from seon.backend.trust.models import ChainCertificate, OwnCertificate, OwnKey
from seon.backend.trust.own import (
    chain_of,
    find_own,
    find_waiting,
    in_use,
    keep_key,
    put_in_use,
    stored_authorities,
    used_before,
    waiting_keys,
)
from seon.pki import Certificate, PkiError, PrivateKey, Purpose

MAX_HOSTS = 50
"""DNS names in one request."""
MAX_NAME = 120
_CODE = re.compile(r"[A-Z0-9/.&()' -]{0,24}[A-Z0-9/.&()'-]")
_HOST = re.compile(
    r"(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)


class KeyKind(StrEnum):
    """What keys can be made here."""

    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"
    P_256 = "p-256"
    P_384 = "p-384"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWanted:
    """What a certificate is requested for."""

    common_name: str
    hosts: Sequence[str] = ()
    """DNS names of the external port."""
    odette_id: str = ""
    """The company's code, such as O0013000001ACME: it becomes the subject's serialNumber and the URI oftp://<code>."""
    kind: KeyKind = KeyKind.RSA_3072
    name: str = ""
    """Name in lists; empty: the common name."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request for a certificate with its key, not yet stored."""

    name: str
    key: pki.SigningKey = field(repr=False)
    request: str
    """PKCS#10, PEM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """Files with a certificate, what is above it, and its key unless that is stored already."""

    files: Sequence[bytes] = field(repr=False)
    password: bytes | None = field(default=None, repr=False)
    """For what is protected in the files."""
    name: str = ""
    """Name in lists; empty: the subject."""
    use: bool = False
    """Whether to put it in use, now or from `use_from` on."""
    use_from: datetime | None = None
    force: bool = False
    """Put it in use although that is unwise."""


@dataclass(frozen=True, slots=True)
class Added:
    """What an addition came to."""

    own: OwnCertificate
    chain: Chain
    findings: list[Finding]
    is_new: bool
    """False: the certificate was stored already."""
    chain_replaced: bool
    """The certificate was stored already, and its chain is a better one now."""
    completed: list[OwnCertificate]
    """Other certificates whose chains what was brought has completed."""
    before: OwnCertificate | None
    """The one in use before; None: none was, or nothing was put in use."""


@dataclass(frozen=True, slots=True)
class Used:
    """What is in use now, or will be."""

    own: OwnCertificate
    before: OwnCertificate | None
    """The one in use before, or until then."""
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed."""

    what: str
    with_key: bool
    """Whether its private key is gone as well, for ever."""


# --- requesting -----------------------------------------------------------------------------------------------------


def prepare_request(wanted: RequestWanted) -> Prepared:
    """Make a key and a request, and store nothing. Takes up to some seconds. Raises OperatorError."""
    code = wanted.odette_id.strip()
    if code and not _CODE.fullmatch(code):
        raise OperatorError(
            f"{code!r} is no Odette ID: at most 25 capital letters, digits, blanks and / - . & ( ) ', "
            "such as O0013000001ACME"
        )
    uris = [f"oftp://{urllib.parse.quote(code, safe=_IN_URI)}"] if code else []
    names = pki.AlternativeNames(uris=uris, hosts=_hosts(wanted.hosts))
    key, common_name = _new_key(wanted.kind), wanted.common_name.strip()
    purposes = [Purpose.SERVER, Purpose.CLIENT]
    try:
        request = pki.new_request(key, common_name, serial_number=code, purposes=purposes, names=names)
    except PkiError as error:
        raise OperatorError(f"The request cannot be made: {error}") from None
    return Prepared((wanted.name.strip() or common_name)[:MAX_NAME], key, request)


def _hosts(given: Sequence[str]) -> list[str]:
    hosts = list(dict.fromkeys(host.strip().lower() for host in given))
    if len(hosts) > MAX_HOSTS:
        raise OperatorError(f"A request has at most {MAX_HOSTS} DNS names")
    for host in hosts:
        if len(host) > 253 or not _HOST.fullmatch(host):
            raise OperatorError(f"{host!r} is no DNS name: write it as oftp.example.com")
    return hosts


@act("certificate.request", Right.TRUST)
def request_certificate(_: Actor, prepared: Prepared) -> OwnKey:
    """Store the key of a request for a certificate, encrypted, until the certificate comes. Raises OperatorError.

    The key was made before (`prepare_request`): that takes its time, and nobody else can write meanwhile.
    """
    raise_version()  # so that two of the same name cannot come at once
    if waiting_keys().filter(name=prepared.name).exists():
        raise OperatorError(
            f"A request named {prepared.name!r} waits for its certificate already: remove it, or give --name"
        )
    kind = named_key(pki.public_half(prepared.key))
    return keep_key(prepared.name, kind, prepared.key, prepared.request)


_IN_URI = "&()'/.-"


def _new_key(kind: KeyKind) -> pki.SigningKey:
    if kind is KeyKind.P_256:
        return pki.new_ecdsa_key()
    if kind is KeyKind.P_384:
        return pki.new_ecdsa_key(384)
    return pki.new_rsa_key(int(kind.removeprefix("rsa-")))


# --- adding ---------------------------------------------------------------------------------------------------------


@act("certificate.add", Right.TRUST, again=True)
def add_certificate(_: Actor, addition: Addition) -> Added:
    """Store a certificate with its chain and key, or give a stored one its better chain; put it in use if asked.

    What is in use, or planned to be, gets no chain that is unwise in another way than its own unless that is forced.
    The key comes from the files, or is one that is stored: of a request, or of an earlier certificate. All that is
    found is in the answer, or in the OperatorError; after that nothing was changed.
    """
    contents = read_files(addition.files, addition.password)
    raise_version()  # first: two that add the same wait for each other here
    leaf, key = _leaf_of(contents)
    stored = OwnCertificate.objects.filter(fingerprint=pki.fingerprint(leaf)).first()
    old = pki.certificates_in_pem(stored.chain) if stored else []
    at = _when(addition.use_from)
    chain = ordered(leaf, contents.certificates, [*old, *stored_authorities()], at)
    as_it_was = ordered(leaf, old, at=at)
    is_better = stored is not None and _quality(chain, at) > _quality(as_it_was, at)
    if stored is not None and not is_better:
        chain = chain_of(stored, at)
    findings = judge(chain, at)
    _demand(leaf, findings, addition.force or not addition.use)
    if stored is not None and (stored.in_use or stored.use_from):
        known = judge(as_it_was, at)
        _demand(leaf, [found for found in findings if found not in known], addition.force)
    own = _keep(stored, chain, key, addition.name)
    completed = complete_chains(contents.certificates, except_for=own)
    before = _use(own, addition.use_from) if addition.use else None
    return Added(own, chain, findings, stored is None, is_better, completed, before)


def _leaf_of(contents: Readable) -> tuple[Certificate, PrivateKey | OwnKey]:
    """Return the certificate that has a key, and that key. Raises OperatorError."""
    if not contents.certificates:
        raise OperatorError("There is a private key, but no certificate: give the file with the certificate as well")
    by_digest = {digest: held for held in contents.certificates if (digest := _digest_of(held))}
    brought = {pki.key_digest(pki.public_half(key)): key for key in contents.keys}
    names = ", ".join(named(held) for held in contents.certificates[:3])
    keys: dict[str, PrivateKey | OwnKey] = dict(brought)
    if not brought:
        keys = {key.digest: key for key in OwnKey.objects.filter(digest__in=by_digest)}
    fitting = [held for held in contents.certificates if _digest_of(held) in keys]
    if not fitting and brought:
        raise OperatorError(f"Certificate and private key do not belong together: the key is not the one of {names}")
    if not fitting:
        raise OperatorError(
            f"There is no private key for {names}: give its file as well. (A certificate whose request was made "
            "elsewhere has its key there)"
        )
    leaf = max(leaf_among(fitting), key=lambda held: held.not_valid_after_utc)
    return leaf, keys[_digest_of(leaf)]


def _digest_of(certificate: Certificate) -> str:
    try:
        return pki.key_digest(pki.public_key_of(certificate))
    except PkiError:
        return ""


def _quality(chain: Chain, at: datetime) -> tuple[bool, bool, int, datetime]:
    """Return what makes a chain a better one: it holds then, has no gap, then more of it, then that it holds longer."""
    ends = min(held.not_valid_after_utc for held in chain.certificates)
    return is_sound(chain, at), not chain.missing, len(chain.certificates), ends


def _when(use_from: datetime | None) -> datetime:
    """Return when something comes into use."""
    now = timezone.now()
    return max(use_from or now, now)


def _demand(leaf: Certificate, findings: list[Finding], is_forced: bool) -> None:
    """Raise OperatorError for what cannot work, and for what is unwise unless that is meant."""
    about = named(leaf)
    if impossible := those(findings, Weight.REFUSED):
        raise OperatorError(f"The certificate of {about} cannot be used: {_listed(impossible)}")
    if not is_forced and (unwise := those(findings, Weight.UNWISE)):
        raise OperatorError(
            f"The certificate of {about} is not put in use: {_listed(unwise)}. Nothing was changed; "
            "--force puts it in use all the same"
        )


def _listed(findings: Iterable[Finding]) -> str:
    return "; ".join(finding.text for finding in findings)


def _keep(stored: OwnCertificate | None, chain: Chain, key: PrivateKey | OwnKey, name: str) -> OwnCertificate:
    found = describe_certificate(chain.leaf)
    own = stored or OwnCertificate(
        fingerprint=found.fingerprint,
        subject=found.subject[:500],
        not_before=chain.leaf.not_valid_before_utc,
        not_after=found.not_after,
    )
    if stored is None:
        title = name.strip() or (key.name if isinstance(key, OwnKey) else found.subject)
        own.key = key if isinstance(key, OwnKey) else keep_key(title, named_key(pki.public_half(key)), key)
        own.name = title
    before = (own.name, own.chain)
    own.name, own.chain = (name.strip() or own.name)[:MAX_NAME], chain.pem()
    if (own.name, own.chain) != before:
        own.save()
    return own


def complete_chains(brought: Sequence[Certificate], except_for: OwnCertificate | None = None) -> list[OwnCertificate]:
    """Give stored certificates the better chains that are possible now; return those that have got one."""
    completed, known = [], [*stored_authorities(), *brought]
    for own in OwnCertificate.objects.all():
        if except_for is not None and own.pk == except_for.pk:
            continue
        leaf, *above = pki.certificates_in_pem(own.chain)
        if not ordered(leaf, above).missing:
            continue
        after = ordered(leaf, above, known, _when(own.use_from))
        if len(after.certificates) > len(above) + 1:
            own.chain = after.pem()
            own.save()
            completed.append(own)
    return completed


@act("certificate.ca-add", Right.TRUST)
def add_authorities(_: Actor, files: Sequence[bytes]) -> tuple[list[ChainCertificate], list[OwnCertificate]]:
    """Store CA certificates that complete chains; return them, and the certificates whose chains they complete.

    Raises OperatorError for a certificate that is no CA's.
    """
    certificates = read_files(files).certificates
    if not certificates:
        raise OperatorError("There is no certificate in it")
    for certificate in certificates:
        try:
            is_authority = pki.is_ca(certificate)
        except PkiError:
            is_authority = False
        if not is_authority:
            raise OperatorError(f"The certificate of {named(certificate)} is not that of a CA")
    raise_version()
    kept = []
    for certificate in certificates:
        found = describe_certificate(certificate)
        values = {"pem": found.pem, "subject": found.subject[:500], "not_after": found.not_after}
        kept.append(ChainCertificate.objects.get_or_create(fingerprint=found.fingerprint, defaults=values)[0])
    return kept, complete_chains([])


# --- using ----------------------------------------------------------------------------------------------------------


@act("certificate.use", Right.TRUST, again=True)
def use_certificate(_: Actor, reference: str, use_from: datetime | None = None, *, force: bool = False) -> Used:
    """Put a certificate in use, now or from a time on. Raises OperatorError, for what is unwise unless `force`."""
    raise_version()
    own = find_own(reference)
    if own.in_use:
        raise OperatorError(f"The certificate {own} is in use already")
    at = _when(use_from)
    chain = chain_of(own, at)
    findings = judge(chain, at)
    _demand(chain.leaf, findings, force)
    before = _use(own, use_from)
    return Used(own, before, findings)


def _use(own: OwnCertificate, use_from: datetime | None) -> OwnCertificate | None:
    """Put in use, or plan it; return the one in use before, or until then. Raises OperatorError."""
    if use_from is None or use_from <= timezone.now():
        before = put_in_use(own)
        return None if before is not None and before.pk == own.pk else before
    if own.in_use:
        raise OperatorError(f"The certificate {own} is in use already")
    own.use_from = use_from
    own.save()
    return in_use()


@act("certificate.unplan", Right.TRUST)
def keep_in_use(_: Actor, reference: str) -> OwnCertificate:
    """Forget that a certificate was to come into use: the one in use stays. Raises OperatorError."""
    raise_version()
    own = find_own(reference)
    if own.use_from is None:
        raise OperatorError(f"No time is planned for the certificate {own}: there is nothing to forget")
    own.use_from = None
    own.save()
    return own


@act("certificate.back", Right.TRUST, again=True)
def go_back(_: Actor, *, force: bool = False) -> Used:
    """Put in use the certificate that was in use before. Raises OperatorError, for what is unwise unless `force`."""
    raise_version()
    earlier = used_before()
    if earlier is None:
        raise OperatorError("No other certificate has been in use: choose one with `seonapi certificate use ID`")
    chain = chain_of(earlier)
    findings = judge(chain, timezone.now())
    _demand(chain.leaf, findings, force)
    before = put_in_use(earlier)
    return Used(earlier, before, findings)


# --- names and ends -------------------------------------------------------------------------------------------------


@act("certificate.rename", Right.TRUST)
def rename(_: Actor, reference: str, name: str) -> OwnCertificate:
    """Give a certificate another name in lists. Raises OperatorError."""
    name = name.strip()
    if not name or len(name) > MAX_NAME:
        raise OperatorError(f"A name has 1 to {MAX_NAME} characters")
    raise_version()
    own = find_own(reference)
    own.name = name
    own.save()
    return own


@act("certificate.remove", Right.TRUST, again=True)
def remove(_: Actor, reference: str) -> Removed:
    """Remove a certificate, and its key if no other has it. Raises OperatorError for one in use or planned."""
    raise_version()
    own = find_own(reference)
    if own.in_use:
        raise OperatorError(f"The certificate {own} is in use: put another one in use first")
    if own.use_from is not None:
        raise OperatorError(
            f"The certificate {own} is to be used from {own.use_from:%Y-%m-%d %H:%M} UTC on: "
            f"`seonapi certificate unplan {own.fingerprint[:12]}` forgets that"
        )
    name, key = f"{own} ({own.subject})", own.key
    own.delete()
    with_key = not key.certificates.exists()
    if with_key:
        key.delete()
    return Removed(name, with_key)


@act("certificate.request-remove", Right.TRUST, again=True)
def remove_request(_: Actor, reference: str) -> Removed:
    """Remove a request and its key: a certificate that is issued for it can never be used. Raises OperatorError."""
    raise_version()
    key = find_waiting(reference)
    name = str(key)
    key.delete()
    return Removed(name, with_key=True)


@act("certificate.ca-remove", Right.TRUST)
def remove_authority(_: Actor, reference: str) -> ChainCertificate:
    """Remove a CA certificate given to complete chains; chains that it is part of stay. Raises OperatorError."""
    found = list(ChainCertificate.objects.filter(fingerprint__startswith=reference.lower())[:2]) if reference else []
    if len(found) != 1:
        problem = "is more than one CA certificate" if found else "is no CA certificate that was added"
        raise OperatorError(f"{reference!r} {problem}: give its id, as `seonapi certificate ca list` shows it")
    found[0].delete()
    return found[0]
