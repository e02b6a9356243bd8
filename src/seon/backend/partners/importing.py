"""Import of partners: first what each record would do, then all of it or nothing. Nobody is removed by an import.

The plan is made from one look at the database and changes nothing; the act makes it again when it has its turn.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from msgspec import UNSET

from seon.backend.acting import audit
from seon.backend.certificates import Described, describe_certificate, read_shown
from seon.backend.configuration.keys import RULES
from seon.backend.configuration.lines import entries_of
from seon.backend.configuration.values import told
from seon.backend.errors import OperatorError
from seon.backend.partners import keys
from seon.backend.partners.identity_actions import typed_name
from seon.backend.partners.models import (
    MOST_CODES,
    MOST_PARTNERS,
    PROVIDER,
    Partner,
    PartnerCertificate,
    PartnerCode,
    PartnerName,
    digest_of_names,
)
from seon.backend.partners.pinning import check_pin, leaf_of
from seon.backend.partners.records import Numbered, Record
from seon.config import CertificateName

Progress = Callable[[int, int], object]
"""Hears how many records are done, and of how many."""
_BATCH = 500
"""Partners that are stored at once."""
_LINES = ("networks", "anchors", "odette_ids")
_BASIC = ("name", "enabled", "host", "port", "notes", "sessions", "old_tls", *_LINES)
"""Fields of a partner that a record has by themselves; the other ones are among its settings."""


class Outcome(StrEnum):
    """What becomes of a record."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(slots=True)
class Line:
    """What a record would do."""

    number: int
    id: str
    outcome: Outcome
    details: list[str]
    """What changes, or why it is refused."""
    values: dict[str, object] = field(default_factory=dict)
    """Fields of the partner that change."""
    codes: tuple[set[str], set[str]] = (set(), set())
    """Which come, and which go."""
    certificates: tuple[dict[str, Described], set[str]] = field(default_factory=lambda: ({}, set()))
    """Which come, by SHA-256, and which go."""
    names: tuple[set[CertificateName], set[CertificateName]] = (set(), set())
    """Which come, and which go."""
    odette_ids: tuple[str, ...] = ()
    """All that it has then."""
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The details in a line."""
        return "; ".join(self.details)


def record_of(partner: Partner, *, settings: bool) -> Record:
    """Return a partner as a record; its relations should be prefetched. Only with `settings` it is complete."""
    usual = _usual()
    own = {row.key: row.text for row in keys.settings_of(partner) if row.key not in _BASIC} if settings else {}
    shown = {key: text for key, text in own.items() if usual.get(key, "") != text} if settings else UNSET
    return Record(
        id=partner.identifier,
        name=partner.name,
        enabled=partner.enabled,
        host=partner.host,
        port=partner.port,
        codes=tuple(row.code for row in partner.codes.all()),
        networks=entries_of(partner.networks),
        notes=partner.notes,
        anchors=entries_of(partner.anchors),
        odette_ids=entries_of(partner.odette_ids),
        names=tuple(CertificateName(issuer=row.issuer, subject=row.subject) for row in partner.names.all()),
        sessions=partner.sessions,
        old_tls=partner.old_tls,
        certificates=tuple(row.pem for row in partner.certificates.all()),
        settings=shown,
    )


def stored_partners() -> list[Partner]:
    """Return all partners with what belongs to them."""
    belongings = ("codes", "certificates", "names", "rules")
    return list(Partner.objects.select_related("session_rules").prefetch_related(*belongings))


def plan_import(records: Sequence[Numbered], *, force: bool) -> list[Line]:
    """Return what each record would do; nothing is changed. `force` takes what is only unwise."""
    stored = {partner.identifier: partner for partner in stored_partners()}
    owners = _Owners(stored[name] for name in stored.keys() - {one.record.id for one in records})
    seen: dict[str, int] = {}
    room = MOST_PARTNERS - len(stored)
    lines: list[Line] = []
    for number, record in records:
        before = stored.get(record.id)
        line = Line(number, record.id, Outcome.CHANGED if before else Outcome.ADDED, [])
        try:
            if seen.setdefault(record.id, number) != number:
                raise OperatorError(f"this id is in line {seen[record.id]} already")
            if before is None and (room := room - 1) < 0:
                raise OperatorError(f"there can be {MOST_PARTNERS} partners, and there are as many")
            _compare(line, record, before, force=force)
            owners.claim(line, before)
        except ValidationError as error:
            line.outcome, line.details = Outcome.REFUSED, [told(error)]
        except OperatorError as error:
            line.outcome, line.details = Outcome.REFUSED, [str(error)]
        if line.outcome is Outcome.CHANGED and not line.details:
            line.outcome = Outcome.UNCHANGED
        lines.append(line)
    return lines


def apply_plan(lines: Sequence[Line], progress: Progress | None = None) -> None:
    """Do what a plan says, inside a transaction. Raises OperatorError that names the line; then take all back."""
    if refused := [line for line in lines if line.outcome is Outcome.REFUSED]:
        raise OperatorError(
            f"{len(refused)} of {len(lines)} partners are refused, and nothing was stored. "
            f"Line {refused[0].number}, {refused[0].id[:64]}: {refused[0].text}"
        )
    todo = [line for line in lines if line.outcome is not Outcome.UNCHANGED]
    for line in todo:  # what goes first: another partner of this file may get it
        _take_away(line)
    for begin in range(0, len(todo), _BATCH):
        _apply(todo[begin : begin + _BATCH])
        if progress:
            progress(min(begin + _BATCH, len(todo)), len(todo))


def _take_away(line: Line) -> None:
    gone = [*PartnerCode.objects.filter(partner__identifier=line.id, code__in=line.codes[1])] if line.codes[1] else []
    for code in gone:
        code.delete()
    for name in line.names[1]:
        for row in PartnerName.objects.filter(partner__identifier=line.id, digest=_digest(name)):
            row.delete()
    if line.outcome is Outcome.CHANGED and "odette_ids" in line.values:
        partner = Partner.objects.get(identifier=line.id)
        partner.odette_ids = "\n".join(one for one in entries_of(partner.odette_ids) if one in line.odette_ids)
        partner.save()
    if fingerprints := line.certificates[1]:
        for pinned in PartnerCertificate.objects.filter(partner__identifier=line.id, fingerprint__in=fingerprints):
            pinned.delete()


def _apply(lines: Sequence[Line]) -> None:
    """Do what some lines say. New rows are made in bulk: their values were validated for the plan, by `_compare`."""
    changed = [line.id for line in lines if line.outcome is Outcome.CHANGED]
    rows = {partner.identifier: partner for partner in Partner.objects.filter(identifier__in=changed)}
    new = {line.id: Partner(identifier=line.id, **line.values) for line in lines if line.outcome is Outcome.ADDED}
    _create(Partner, list(new.values()))
    rows |= new
    for line in lines:
        if line.outcome is Outcome.CHANGED and line.values:
            for name, value in line.values.items():
                setattr(rows[line.id], name, value)
            with _naming(line):
                rows[line.id].save()
    codes = [PartnerCode(partner=rows[line.id], code=code) for line in lines for code in sorted(line.codes[0])]
    _create(PartnerCode, codes)
    names = [
        PartnerName(partner=rows[line.id], issuer=one.issuer, subject=one.subject, digest=_digest(one))
        for line in lines for one in sorted(line.names[0], key=_digest)
    ]  # fmt: skip
    _create(PartnerName, names)
    pins = [_pin(rows[line.id], one) for line in lines for one in line.certificates[0].values()]
    _create(PartnerCertificate, pins)
    for line in lines:
        if line.settings:
            with _naming(line):
                keys.set_partner_settings(line.id, line.settings)


def _digest(name: CertificateName) -> str:
    return digest_of_names(name.issuer, name.subject)


def _pin(partner: Partner, one: Described) -> PartnerCertificate:
    return PartnerCertificate(
        partner=partner, pem=one.pem, fingerprint=one.fingerprint, subject=one.subject, not_after=one.not_after
    )


def _create(model: type[Any], rows: Sequence[Any]) -> None:
    """Store new rows and their history, and note them for the audit, which hears of no bulk."""
    if not rows:
        return
    model.objects.bulk_create(rows)
    running = audit.running()
    model.history.bulk_history_create(rows, default_change_reason=running.who if running else "")
    for row in rows if running else ():
        owner = "" if isinstance(row, Partner) else f" to partner {row.partner}"
        audit.note(f"{model._meta.verbose_name} {row}", f"added{owner} by an import")


@contextmanager
def _naming(line: Line) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise OperatorError(f"Line {line.number}, {line.id[:64]}: {told(error)}") from None
    except OperatorError as error:
        raise OperatorError(f"Line {line.number}, {line.id[:64]}: {error}") from None


# --- what a record changes --------------------------------------------------------------------------------------------


def _compare(line: Line, record: Record, before: Partner | None, *, force: bool) -> None:
    """Find out what changes. Raises ValidationError and OperatorError for what cannot be."""
    _compare_fields(line, record, before)
    now = entries_of(str(line.values.get("networks", before.networks if before else "")))
    if before and before.networks and not now and not force:
        raise OperatorError("no network is left, and it may come from everywhere: give --force")
    if before and before.anchors and not str(line.values.get("anchors", before.anchors)) and not force:
        raise OperatorError("no anchor is left, and each of them may admit it: give --force")
    if record.codes is not UNSET:
        _compare_codes(line, record.codes, before, force=force)
    if record.names is not UNSET:
        _compare_names(line, record.names, before)
    if record.certificates is not UNSET:
        _compare_certificates(line, record.certificates, before, force=force)
    if record.settings is not UNSET:
        _compare_settings(line, record.settings, before)


def _compare_fields(line: Line, record: Record, before: Partner | None) -> None:
    wanted = Partner(identifier=record.id)
    given = {name: getattr(record, name) for name in _BASIC if getattr(record, name) is not UNSET}
    for name in _LINES:
        if name in given:
            given[name] = "\n".join(given[name])
    if not given.get("name"):
        given["name"] = before.name if before else record.id
    for name in _BASIC:
        setattr(wanted, name, given.get(name, getattr(before, name) if before else getattr(wanted, name)))
    if before:
        wanted.pk, wanted._state.adding = before.pk, False
    wanted.clean_fields()
    wanted.find_anchors()
    line.odette_ids = entries_of(wanted.odette_ids)
    for name in _BASIC:
        old, new = getattr(before, name, None), getattr(wanted, name)
        if before is None or old != new:
            line.values[name] = new
            if before is not None:
                line.details.append(f"{name}: {_short(old)} to {_short(new)}")


def _compare_codes(line: Line, codes: Sequence[str], before: Partner | None, *, force: bool) -> None:
    code_field = PartnerCode._meta.get_field("code")
    wanted = {str(code_field.clean(code, None)) for code in codes}
    there = {row.code for row in before.codes.all()} if before else set()
    if len(wanted) > MOST_CODES:
        raise OperatorError(f"{len(wanted)} codes; there can be {MOST_CODES}")
    if there and not wanted and not force:
        raise OperatorError("no code is left, and it may show every code: give --force")
    line.codes = wanted - there, there - wanted
    line.details += [f"code {code} {word}" for rows, word in zip(line.codes, ("comes", "goes"), strict=True)
                     for code in sorted(rows)]  # fmt: skip


def _compare_names(line: Line, names: Sequence[CertificateName], before: Partner | None) -> None:
    there = {CertificateName(issuer=row.issuer, subject=row.subject) for row in before.names.all()} if before else set()
    wanted = {name if name in there else typed_name(name.issuer, name.subject) for name in names}
    if len(wanted) > MOST_CODES:
        raise OperatorError(f"{len(wanted)} certificate names; there can be {MOST_CODES}")
    line.names = wanted - there, there - wanted
    line.details += [f"certificate name {one.subject} of {one.issuer} {word}"
                     for rows, word in zip(line.names, ("comes", "goes"), strict=True)
                     for one in sorted(rows, key=_digest)]  # fmt: skip


def _compare_certificates(line: Line, pems: Sequence[str], before: Partner | None, *, force: bool) -> None:
    there = {row.fingerprint: row.subject for row in before.certificates.all()} if before else {}
    if len(pems) > MOST_CODES:
        raise OperatorError(f"{len(pems)} certificates; there can be {MOST_CODES}")
    wanted: dict[str, Described] = {}
    for pem in pems:
        certificate = leaf_of(read_shown(pem.encode()))
        fingerprint = certificate.fingerprint
        wanted[fingerprint] = describe_certificate(certificate)
        if fingerprint not in there:
            check_pin(certificate, datetime.now(UTC), force=force)
            line.details.append(f"certificate with SHA-256 {fingerprint}, {certificate.subject}, comes")
    new = {fingerprint: one for fingerprint, one in wanted.items() if fingerprint not in there}
    gone = set(there) - set(wanted)
    line.details += [f"certificate with SHA-256 {one}, {there[one]}, goes" for one in sorted(gone)]
    line.certificates = new, gone


def _compare_settings(line: Line, settings: dict[str, str], before: Partner | None) -> None:
    there = {row.key: row.text for row in keys.settings_of(before or Partner(identifier=line.id))}
    if basic := sorted(set(settings) & {*_BASIC, "id"}):
        raise OperatorError(f"{basic[0]} is no setting, it has its own place in the record")
    wanted = {key: "" for key in there if key.startswith(RULES)} | dict(_usual()) | settings
    line.settings = {key: text for key, text in wanted.items() if there.get(key, "") != text}
    if before:
        line.details += [
            f"{key}: {_short(there.get(key, ''))} to {_short(text)}" for key, text in line.settings.items()
        ]


@cache
def _usual() -> Mapping[str, str]:
    """Return what is set for a partner for which nothing was set, as text by its keys."""
    return {row.key: row.text for row in keys.settings_of(Partner()) if row.key not in _BASIC}


class _Owners:
    """Whose each code and each certificate is, when all records are done."""

    def __init__(self, others: Iterable[Partner]) -> None:
        self._codes: dict[str, str] = {}  # in capitals: see PartnerCode.clean
        self._certificates: dict[str, str] = {}
        self._odette_ids: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for partner in others:
            self._codes |= {row.code.upper(): partner.identifier for row in partner.codes.all()}
            self._certificates |= {row.fingerprint: partner.identifier for row in partner.certificates.all()}
            self._odette_ids |= {one.lower(): partner.identifier for one in entries_of(partner.odette_ids)}
            self._names |= {row.digest: partner.identifier for row in partner.names.all()}

    def claim(self, line: Line, before: Partner | None) -> None:
        """Let a record have its codes and certificates. Raises OperatorError that names who has one already."""
        for code in _after(before.codes.all() if before else (), "code", line.codes[0], line.codes[1]):
            if (owner := self._codes.setdefault(code.upper(), line.id)) != line.id:
                raise OperatorError(f"{code} is a code of partner {owner} already; {PROVIDER}")
        new, gone = line.certificates
        for one in _after(before.certificates.all() if before else (), "fingerprint", set(new), gone):
            if (owner := self._certificates.setdefault(one, line.id)) != line.id:
                raise OperatorError(f"the certificate {one} is one of partner {owner} already; {PROVIDER}")
        for one in line.odette_ids:
            if (owner := self._odette_ids.setdefault(one.lower(), line.id)) != line.id:
                raise OperatorError(f"{one} is an Odette ID of partner {owner} already; {PROVIDER}")
        for one in _after(before.names.all() if before else (), "digest", *map(_digests, line.names)):
            if (owner := self._names.setdefault(one, line.id)) != line.id:
                raise OperatorError(f"a certificate name of it is one of partner {owner} already; {PROVIDER}")


def _digests(names: Iterable[CertificateName]) -> set[str]:
    return set(map(_digest, names))


def _after(rows: Iterable[object], name: str, new: set[str], gone: set[str]) -> Iterator[str]:
    yield from sorted({getattr(row, name) for row in rows} - gone | new)


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(entries_of(value)) if isinstance(value, str) else str(value)
    return repr(text[:60]) if text else "empty"
