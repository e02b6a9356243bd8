"""What is told of a partner: for programs as data, for people as lines."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from seon.addresses import shown as shown_address
from seon.backend.certificates import read_shown
from seon.backend.configuration.lines import entries_of
from seon.backend.partners import pinning
from seon.backend.partners.models import Partner, PartnerCertificate
from seon.events import shown

_SOON_DAYS = 60


def data_of(partner: Partner) -> dict[str, Any]:
    """Return a partner for programs; `certificates` are SHA-256 values."""
    return {
        "id": partner.identifier,
        "name": partner.name,
        "enabled": partner.enabled,
        "codes": [row.code for row in partner.codes.all()],
        "certificates": [row.fingerprint for row in partner.certificates.all()],
        "host": partner.host,
        "port": partner.port,
        "networks": list(entries_of(partner.networks)),
        "notes": partner.notes,
    }


def lines_of(partner: Partner) -> Iterator[str]:
    """Yield the lines that tell all of a partner."""
    codes = ", ".join(row.code for row in partner.codes.all())
    yield f"{partner.identifier}: {shown(partner.name)}, {'enabled' if partner.enabled else 'disabled'}"
    yield f"  codes         {codes or 'none of its own: it may show every code'}"
    dialled = shown_address(partner.host, partner.port) if partner.host else "nowhere: it only calls us"
    yield f"  dialled at    {dialled}"
    yield f"  comes from    {', '.join(entries_of(partner.networks)) or 'everywhere'}"
    rows = list(partner.certificates.all())
    for row in rows:
        certificate = certificate_of(row)
        yield f"  certificate   {certificate.text} ({state_of(certificate, datetime.now(UTC))})"
    if not rows:
        yield "  certificate   none: it is not admitted"
    for number, line in enumerate(partner.notes.splitlines()):
        yield f"  {'' if number else 'notes':12}  {shown(line)}"


def certificate_of(row: PartnerCertificate) -> pinning.Shown:
    """Return what is said of a pinned certificate."""
    return pinning.shown(read_shown(row.pem.encode())[0])


def certificate_data(certificate: pinning.Shown) -> dict[str, Any]:
    """Return a certificate for programs; times are ISO 8601."""
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
        "sha256": certificate.fingerprint,
    }


def state_of(certificate: pinning.Shown, now: datetime) -> str:
    """Say in a word or two where in its time a certificate is."""
    if now < certificate.not_before:
        return "not valid yet"
    if now >= certificate.not_after:
        return "expired"
    days = (certificate.not_after - now).days
    return f"ends in {days} days" if days <= _SOON_DAYS else "valid"
