"""Licenses, tokens and own certificates as they are shown: how each one is, in a word, and when which was in use."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from seon import pki
from seon.backend.trust.authorities import Kind, certificate_of
from seon.backend.trust.models import License, OwnCertificate, Token

SOON = timedelta(days=30)
"""What ends sooner is to be renewed now (mission C2)."""
IN_FORCE, ENDS_SOON, ENDED, WITHDRAWN = "in force", "ends soon", "ended", "withdrawn"
EXPIRED, NEVER_USED = "expired", "never used"
IN_USE, IN_USE_EXPIRED, PLANNED, STORED = "in use", "in use, expired", "planned", "stored"


# --- licenses -------------------------------------------------------------------------------------------------------


def license_state(license_: License, now: datetime) -> str:
    """Return how a license is."""
    if license_.withdrawn_at:
        return WITHDRAWN
    if license_.not_after <= now:
        return ENDED
    return ENDS_SOON if license_.not_after <= now + SOON else IN_FORCE


def later_license(license_: License, now: datetime) -> License | None:
    """Return another license in force of the same server, the one that ends last."""
    others = license_.server.licenses.filter(withdrawn_at=None, not_after__gt=now).exclude(pk=license_.pk)
    return others.order_by("-not_after").first()


def last_ends() -> dict[int, datetime]:
    """Return for each server, by its key, when its last license in force ends."""
    found = License.objects.filter(withdrawn_at=None).values_list("server").annotate(Max("not_after")).order_by()
    return dict(found)


# --- tokens ---------------------------------------------------------------------------------------------------------


def token_state(token: Token, now: datetime) -> str:
    """Return how a token is. Its use is read with it: `select_related("use")`."""
    if token.withdrawn_at is not None:
        return WITHDRAWN
    if token.expires_at is not None and token.expires_at <= now:
        return EXPIRED
    if token.expires_at is not None and token.expires_at <= now + SOON:
        return ENDS_SOON
    return IN_FORCE if getattr(token, "use", None) else NEVER_USED


# --- own certificates -----------------------------------------------------------------------------------------------


def own_state(own: OwnCertificate, now: datetime) -> str:
    """Return how an own certificate is."""
    is_over = own.not_after <= now
    if own.in_use:
        return IN_USE_EXPIRED if is_over else IN_USE
    if is_over:
        return EXPIRED
    return PLANNED if own.use_from else STORED


@dataclass(slots=True)
class Period:
    """A time in which partners were, are or will be shown one certificate."""

    fingerprint: str
    name: str
    subject: str
    begins: datetime
    ends: datetime | None = None
    """None: not yet."""
    is_planned: bool = False


MOST_PERIODS = 20
_MOST_CHANGES = 2_000
"""Rows of the history that are looked at, the newest: a certificate has a few."""


def periods(now: datetime) -> list[Period]:
    """Return which certificate was in use when, the newest first, and what is planned before all."""
    past = list(_past())[-MOST_PERIODS:]
    planned = [
        Period(own.fingerprint, own.name, own.subject, own.use_from, is_planned=True)
        for own in OwnCertificate.objects.exclude(use_from=None).order_by("use_from")
        if own.use_from is not None and own.use_from > now
    ]
    return [*reversed(planned), *reversed(past)]


def _past() -> Iterator[Period]:
    """Yield the periods that have begun, in their order."""
    fields = ("fingerprint", "name", "subject", "in_use", "history_date", "history_type")
    changes = OwnCertificate.history.order_by("-history_date", "-history_id").values_list(*fields)[:_MOST_CHANGES]
    running: Period | None = None
    for fingerprint, name, subject, in_use, at, kind in reversed(changes):
        is_there = in_use and kind != "-"
        if running is not None and running.fingerprint == fingerprint and is_there:
            running.name = name
        elif running is not None and (is_there or running.fingerprint == fingerprint):
            running.ends = at
            yield running
            running = None
        if running is None and is_there:
            running = Period(fingerprint, name, subject, at)
    if running is not None:
        yield running


# --- the installation's CAs -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnAuthority:
    """A CA of this installation."""

    kind: str
    fingerprint: str
    """SHA-256, lower-case hex."""
    not_after: datetime


def own_authorities() -> list[OwnAuthority]:
    """Return the CAs of this installation. Raises OperatorError before `seonapi init`."""
    found = [(kind.value, certificate_of(kind)) for kind in Kind]
    return [OwnAuthority(kind, pki.fingerprint(held), held.not_valid_after_utc) for kind, held in found]
