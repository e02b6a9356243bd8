"""A certificate as people read it: what stands in it, in words, and where in its time it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seon.admission.revocation import Revocation, State
from seon.backend.certificates import when
from seon.events import shown
from seon.pki import PeerCertificate, Purpose

SOON, VERY_SOON = 60, 14
"""Days before its end from which a certificate is told of."""
_YEAR = 365
_LONGEST = 1_000
_PURPOSES = {Purpose.CLIENT.value: "clientAuth", Purpose.SERVER.value: "serverAuth", Purpose.ANY.value: "any"}


@dataclass(frozen=True, slots=True)
class Validity:
    """Where in its time something is."""

    words: str
    tone: str
    """A class of the stylesheet: s-good, s-warn or s-bad."""
    left: int
    """What is left of it in percent: of a year where its beginning is not known, and more than a year is all."""


@dataclass(frozen=True, slots=True)
class Readable:
    """A certificate for people. All texts are as its maker chose them: a template escapes them."""

    subject: str
    fingerprint: str
    validity: Validity
    not_before: datetime
    not_after: datetime
    rows: tuple[tuple[str, str], ...]
    """What else stands in it: name and value."""
    pem: str


def validity(end: datetime, begin: datetime | None = None) -> Validity:
    """Say in words where in its time something is that ends, and perhaps has not begun."""
    now = timezone.now()
    if begin is not None and now < begin:
        return Validity(_("not valid yet"), "s-bad", 100)
    days = (end - now).days
    if now >= end:
        gone = (now - end).days
        return Validity(ngettext("ended %d day ago", "ended %d days ago", gone) % gone, "s-bad", 0)
    whole = (end - begin).total_seconds() if begin is not None else _YEAR * 86_400
    left = max(1, min(100, round(100 * (end - now).total_seconds() / whole))) if whole > 0 else 0
    tone = "s-bad" if days < VERY_SOON else "s-warn" if days < SOON else "s-good"
    return Validity(ngettext("%d day left", "%d days left", days) % days, tone, left)


def readable(certificate: PeerCertificate) -> Readable:
    """Return a certificate for people."""
    begin, end = when(certificate.not_before), when(certificate.not_after)
    return Readable(
        subject=certificate.subject,
        fingerprint=certificate.fingerprint,
        validity=validity(end, begin),
        not_before=begin,
        not_after=end,
        rows=tuple(_rows(certificate)),
        pem=certificate.pem,
    )


def _rows(certificate: PeerCertificate) -> Iterator[tuple[str, str]]:
    own = certificate.subject_der == certificate.issuer_der
    yield _("Issuer"), _("itself (self-signed)") if own else certificate.issuer
    yield _("Serial number"), certificate.serial
    yield _("Key"), certificate.key.text
    yield _("Signed with"), certificate.signature_hash or _("a hash of the key's own")
    said = certificate.extensions
    if said is None:
        yield _("Extensions"), _("cannot be read")
        return
    yield _("Usage"), _usage(certificate)
    if said.hosts:
        yield _("Host names"), _some(said.hosts)
    if said.uris:
        yield _("URIs"), _some(said.uris)
    if ids := tuple(dict.fromkeys((*certificate.odette_ids, *certificate.oftp_ids))):
        yield _("Odette IDs"), _some(ids)
    points = (*said.crl_points, *said.other_points)
    yield _("Revocation lists at"), _some(points) if points else _("nowhere")


def _usage(certificate: PeerCertificate) -> str:
    said = certificate.extensions
    assert said is not None
    parts = [] if said.purposes is None else [_PURPOSES.get(one, one) for one in said.purposes]
    parts += sorted(said.usages or ())
    words = _some(parts) if parts else _("not said: any")
    return _("%s; it calls itself a CA") % words if said.is_ca else words


def _some(values: "tuple[str, ...] | list[str]", most: int = 10) -> str:
    more = _(" and %d more") % (len(values) - most) if len(values) > most else ""
    return shown(", ".join(values[:most]), _LONGEST) + more


def revocation_words(known: Revocation | None) -> tuple[str, str]:
    """Return what the lists say of a certificate, in words and as a class of the stylesheet."""
    if known is None:
        return _("no list is asked: its issuer is no trust anchor here"), ""
    texts = {
        State.GOOD: (_("not revoked"), "s-good"),
        State.REVOKED: (_("revoked by its issuer"), "s-bad"),
        State.NO_POINT: (_("no list: the certificate names none"), ""),
        State.NOT_YET_KNOWN: (_("no list of its issuer is here yet"), "s-warn"),
        State.STALE: (_("the list of its issuer is too old"), "s-warn"),
    }
    words, tone = texts[known.state]
    if known.age is None:
        return words, tone
    return _("%(words)s, by a list made %(hours)d h ago") % {"words": words, "hours": known.age // 3_600}, tone
