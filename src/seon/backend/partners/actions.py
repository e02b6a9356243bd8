"""What can be done with partners.

Each act waits for its turn first (`take_turn`): what it looks at before it changes anything, such as that no other
partner has a code, holds until it is done.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.db.models.deletion import Collector

import seon.backend.partners.identity_actions  # noqa: F401 - its acts declare themselves
from seon.addresses import AddressError, read_network
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.configuration.keys import Done
from seon.backend.configuration.lines import entries_of
from seon.backend.configuration.values import by_field, told
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.partners import keys
from seon.backend.partners.importing import Line, Outcome, Progress, apply_plan, plan_import
from seon.backend.partners.models import MOST_CODES, Partner, PartnerCertificate, PartnerCode
from seon.backend.partners.pinning import certificate_to_pin
from seon.backend.partners.records import Numbered

_LEAST_OF_A_FINGERPRINT = 8


@act("partner.add", Right.PARTNERS)
def add_partner(
    _: Actor,
    identifier: str,
    name: str,
    codes: Sequence[str],
    certificates: Sequence[bytes],
    *,
    host: str = "",
    port: int = 6619,
    networks: Sequence[str] = (),
    notes: str = "",
    odette_ids: Sequence[str] = (),
    anchors: Sequence[str] = (),
    enabled: bool = True,
    force: bool = False,
) -> Partner:
    """Add a partner.

    Each of `certificates` is a file's octets, of which the partner's own certificate is pinned; `force` as in
    `certificate_to_pin`. Raises OperatorError; nothing was stored then.
    """
    take_turn()
    with _naming(identifier):
        partner = Partner(identifier=identifier, name=name or identifier, host=host, port=port, notes=notes)
        partner.enabled = enabled
        partner.networks = "\n".join(networks)
        partner.odette_ids, partner.anchors = "\n".join(odette_ids), "\n".join(anchors)
        partner.save()
        _give_codes(partner, codes)
        for octets in certificates:
            _pin(partner, octets, force=force)
    return partner


@act("partner.change", Right.PARTNERS)
def change_partner(
    _: Actor,
    identifier: str,
    *,
    name: str | None = None,
    host: str | None = None,
    port: int | None = None,
    notes: str | None = None,
) -> Partner:
    """Change what is given of a partner; None stays as it is. Raises OperatorError; nothing was stored then."""
    given: Mapping[str, str | int | None] = {"name": name, "host": host, "port": port, "notes": notes}
    partner = _turn_of(identifier)
    for field, value in given.items():
        if value is not None:
            setattr(partner, field, value)
    with _naming(identifier):
        partner.save()
    return partner


@act("partner.set", Right.PARTNERS)
def set_of_partner(_: Actor, identifier: str, key: str, value: str) -> Done:
    """Set one setting of a partner from text. Raises OperatorError that names what is allowed."""
    take_turn()
    return keys.set_partner_setting(identifier, key, value)


@act("partner.enable", Right.SWITCH_PARTNERS)
def enable_partner(_: Actor, identifier: str) -> Partner:
    """Let a partner come in and be dialled again. Raises OperatorError if there is none of this id."""
    return _switch(identifier, enabled=True)


@act("partner.disable", Right.SWITCH_PARTNERS)
def disable_partner(_: Actor, identifier: str) -> Partner:
    """Keep a partner out; its running sessions end within seconds. Raises OperatorError."""
    return _switch(identifier, enabled=False)


def _switch(identifier: str, *, enabled: bool) -> Partner:
    partner = _turn_of(identifier)
    if partner.enabled is not enabled:
        partner.enabled = enabled
        with _naming(identifier):
            partner.save()
    return partner


def goes_along(identifier: str) -> dict[str, int]:
    """Return what `remove_partner` takes along, as the plural name of each kind and how many. Raises OperatorError."""
    partner = keys.find_partner(identifier)
    return dict(_along(partner))


@act("partner.remove", Right.PARTNERS)
def remove_partner(_: Actor, identifier: str) -> dict[str, int]:
    """Remove a partner with all that belongs to it; its running sessions end within seconds.

    Returns what went along, as `goes_along` does. Raises OperatorError if there is none of this id.
    """
    partner = _turn_of(identifier)
    along = dict(_along(partner))
    partner.delete()
    return along


def _along(partner: Partner) -> Iterator[tuple[str, int]]:
    """Yield what the database deletes with a partner, whichever kinds there are."""
    collector = Collector(using=router.db_for_write(Partner), origin=partner)
    collector.collect([partner])
    counts = Counter({model: len(rows) for model, rows in collector.data.items() if model is not Partner})
    for rows in collector.fast_deletes:
        counts[rows.model] += rows.count()
    for model, count in sorted(counts.items(), key=lambda one: one[0]._meta.label):
        if count:
            yield str(model._meta.verbose_name_plural if count > 1 else model._meta.verbose_name), count


# --- codes, networks, certificates: one by one ------------------------------------------------------------------------


@act("partner.add_code", Right.PARTNERS)
def add_codes(_: Actor, identifier: str, codes: Sequence[str]) -> Partner:
    """Let a partner show more SSID codes. Raises OperatorError, which names the partner that has one already."""
    partner = _turn_of(identifier)
    with _naming(identifier):
        _give_codes(partner, codes)
    return partner


@act("partner.remove_code", Right.PARTNERS)
def remove_codes(_: Actor, identifier: str, codes: Sequence[str], *, force: bool = False) -> Partner:
    """Take SSID codes away from a partner; the last one only with `force`, since it may show every code then.

    Raises OperatorError.
    """
    partner = _turn_of(identifier)
    there = set(partner.codes.values_list("code", flat=True))
    _require_there(partner, "code", codes, there)
    if not there - set(codes) and not force:
        raise OperatorError(
            f"Without any code of its own, partner {partner} may show every code. Add the right one first, "
            "or use --force"
        )
    for row in partner.codes.filter(code__in=codes):
        row.delete()
    return partner


@act("partner.add_network", Right.PARTNERS)
def add_networks(_: Actor, identifier: str, networks: Sequence[str]) -> Partner:
    """Let a partner come from more networks. The first one shuts out every other. Raises OperatorError."""
    partner = _turn_of(identifier)
    return _with_networks(partner, [*entries_of(partner.networks), *_read(networks)])


@act("partner.remove_network", Right.PARTNERS)
def remove_networks(_: Actor, identifier: str, networks: Sequence[str], *, force: bool = False) -> Partner:
    """Take networks away from a partner; the last one only with `force`, since it may come from everywhere then.

    Raises OperatorError.
    """
    partner = _turn_of(identifier)
    there, gone = entries_of(partner.networks), _read(networks)
    _require_there(partner, "network", gone, there)
    left = [network for network in there if network not in gone]
    if not left and not force:
        raise OperatorError(
            f"Without any network, partner {partner} may come from everywhere. Add the right one first, or use --force"
        )
    return _with_networks(partner, left)


@act("partner.add_certificate", Right.PARTNERS)
def add_certificates(
    _: Actor, identifier: str, certificates: Sequence[bytes], *, force: bool = False
) -> list[PartnerCertificate]:
    """Pin more certificates of a partner, as `add_partner` does; the ones before stay. Raises OperatorError."""
    partner = _turn_of(identifier)
    with _naming(identifier):
        return [_pin(partner, octets, force=force) for octets in certificates]


@act("partner.remove_certificate", Right.PARTNERS)
def remove_certificate(_: Actor, identifier: str, fingerprint: str) -> tuple[PartnerCertificate, int]:
    """Take a certificate away from a partner, by its SHA-256 or the beginning of it; sessions with it end.

    Returns it, and how many the partner has left. Raises OperatorError.
    """
    partner = _turn_of(identifier)
    wanted = re.sub(r"[\s:]", "", fingerprint).lower()
    if len(wanted) < _LEAST_OF_A_FINGERPRINT or re.search("[^0-9a-f]", wanted):
        raise OperatorError(
            f"{fingerprint[:80]!r} is no SHA-256: give at least its first {_LEAST_OF_A_FINGERPRINT} hex digits"
        )
    found = list(partner.certificates.filter(fingerprint__startswith=wanted))
    if len(found) != 1:
        there = ", ".join(partner.certificates.values_list("fingerprint", flat=True)) or "none"
        many = "more than one certificate" if found else "no certificate"
        raise OperatorError(f"Partner {partner} has {many} whose SHA-256 begins with {wanted[:64]}; it has: {there}")
    found[0].delete()
    return found[0], partner.certificates.count()


@act("partner.import", Right.PARTNERS)
def import_partners(
    _: Actor, records: Sequence[Numbered], *, force: bool = False, progress: Progress | None = None
) -> list[Line]:
    """Add and change partners as the records of a file say, all or nothing; none is removed.

    Returns what was done, by record. Raises OperatorError that names the first record that is refused.
    """
    take_turn()
    lines = plan_import(records, force=force)
    apply_plan(lines, progress)
    return lines


def try_import(records: Sequence[Numbered], *, force: bool = False, progress: Progress | None = None) -> list[Line]:
    """Return what `import_partners` would do; nothing is changed.

    What is set for partners is known to be possible only when it is set: so it is set, and all is taken back.
    """
    lines = plan_import(records, force=force)
    if any(line.outcome is Outcome.REFUSED for line in lines) or not any(line.settings for line in lines):
        return lines
    with transaction.atomic():
        take_turn()
        try:
            apply_plan(lines, progress)
        except OperatorError as error:
            _refuse(lines, str(error))
        transaction.set_rollback(True)
    return lines


def _refuse(lines: Sequence[Line], told_of: str) -> None:
    """Mark the line that an error names."""
    for line in lines:
        begin = f"Line {line.number}, {line.id[:64]}: "
        if told_of.startswith(begin):
            line.outcome, line.details = Outcome.REFUSED, [told_of.removeprefix(begin)]


# --- what acts have in common -----------------------------------------------------------------------------------------


def _turn_of(identifier: str) -> Partner:
    take_turn()
    return keys.find_partner(identifier)


@contextmanager
def _naming(identifier: str) -> Iterator[None]:
    """Say for which partner something cannot be stored, and at which field where that is known."""
    try:
        yield
    except ValidationError as error:
        raise OperatorError(f"Partner {identifier}: {told(error)}", fields=by_field(error)) from None
    except OperatorError as error:
        raise OperatorError(f"Partner {identifier}: {error}", fields=error.fields) from None


def _give_codes(partner: Partner, codes: Sequence[str]) -> None:
    if partner.codes.count() + len(codes) > MOST_CODES:
        raise OperatorError(f"it can have {MOST_CODES} codes at most")
    for code in codes:
        try:
            PartnerCode(partner=partner, code=code).save()
        except ValidationError as error:
            raise OperatorError(told(error), fields={"codes": " ".join(error.messages)}) from None


def _pin(partner: Partner, octets: bytes, *, force: bool) -> PartnerCertificate:
    if partner.certificates.count() >= MOST_CODES:
        raise OperatorError(f"it can have {MOST_CODES} certificates at most; remove those that have expired")
    try:
        leaf = certificate_to_pin(octets, datetime.now(UTC), force=force)
        row = PartnerCertificate(partner=partner, pem=leaf.pem)
        row.save()
    except ValidationError as error:
        raise OperatorError(told(error), fields={"certificates": told(error)}) from None
    except OperatorError as error:
        raise OperatorError(str(error), fields={"certificates": str(error)}) from None
    return row


def _with_networks(partner: Partner, networks: Sequence[str]) -> Partner:
    partner.networks = "\n".join(dict.fromkeys(networks))
    with _naming(partner.identifier):
        partner.save()
    return partner


def _read(networks: Sequence[str]) -> list[str]:
    try:
        return [str(read_network(text)) for text in networks]
    except AddressError as error:
        raise OperatorError(str(error)) from None


def _require_there(partner: Partner, kind: str, wanted: Sequence[str], there: "Sequence[str] | set[str]") -> None:
    missing = [one for one in wanted if one not in there]
    if missing:
        raise OperatorError(
            f"Partner {partner} has no {kind} {missing[0][:80]!r}; it has: {', '.join(sorted(there)) or 'none'}"
        )
