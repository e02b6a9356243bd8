"""`seonapi certificate`: the company's certificates towards partners."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seon.backend.errors import OperatorError
from seon.cli.replacing import replaced
from seon.cli.seonapi.answers import Sheet, State, Table, Tone
from seon.cli.seonapi.base import FILE, Said, on_installation, read_file, secret_in
from seon.cli.seonapi.moments import MOMENT
from seon.events import shown

if TYPE_CHECKING:
    from seon.backend.trust.judging import Finding
    from seon.backend.trust.models import OwnCertificate, OwnKey

_KINDS = ("rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384")
_force_option = click.option("--force", is_flag=True, help="Do it although it is unwise.")
_from_option = click.option(
    "--from",
    "use_from",
    type=MOMENT,
    metavar="TIME",
    help="Use it from then on, such as 2026-12-01 or 2026-12-01T06:00; UTC.",
)


_LIST = {
    "short": "id", "name": "name", "state": "state", "not_after": "valid until", "use_from": "to be used from",
    "key": "key", "subject": "subject",
}  # fmt: skip
_CHAIN = {"subject": "subject", "issuer": "issued by", "not_after": "valid until"}
_TONES = {
    "in use": Tone.GOOD, "in use, expired": Tone.BAD, "planned": Tone.SOON, "stored": Tone.OFF, "expired": Tone.BAD,
}  # fmt: skip
_FINDINGS = {"weight": "weight", "text": "what"}
_TITLES = {
    "id": "id", "name": "name", "subject": "subject", "state": "state", "not_before": "valid from",
    "not_after": "valid until", "key": "key", "use_from": "to be used from", "used_at": "last put in use",
}  # fmt: skip


@click.group()
def certificate() -> None:
    """The company's certificates towards partners. One of them is in use."""


# --- requests -------------------------------------------------------------------------------------------------------


@certificate.group()
def request() -> None:
    """Requests for certificates: the key is made here and never leaves."""


@request.command(name="add")
@click.argument("common_name")
@click.option("--host", "hosts", multiple=True, metavar="NAME", help="DNS name of the external port; repeatable.")
@click.option("--odette-id", default="", metavar="CODE", help="The company's code, such as O0013000001ACME.")
@click.option("--key-type", type=click.Choice(_KINDS), default="rsa-3072", show_default=True, help="Kind of the key.")
@click.option("--name", default="", help="Name in lists; default: COMMON_NAME.")
@click.option("--out", type=FILE, metavar="FILE", help="Write the request there; default: standard output.")
@on_installation
def request_add(
    common_name: str, hosts: tuple[str, ...], odette_id: str, key_type: str, name: str, out: Path | None
) -> Said:
    """Make a key, and the request that a CA needs for its certificate.

    Give the certificate that comes back to `seonapi certificate add FILE`: it finds its key.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.trust.own_actions import KeyKind, RequestWanted, prepare_request, request_certificate

    wanted = RequestWanted(
        common_name=common_name, hosts=hosts, odette_id=odette_id, kind=KeyKind(key_type), name=name
    )  # fmt: skip
    key = request_certificate(owner(), prepare_request(wanted))
    return _request_said(key, out)


@request.command(name="show")
@click.argument("name")
@click.option("--out", type=FILE, metavar="FILE", help="Write the request there; default: standard output.")
@on_installation
def request_show(name: str, out: Path | None) -> Said:
    """Show the request NAME again."""
    from seon.backend.trust.own import find_waiting

    return _request_said(find_waiting(name), out)


@request.command(name="remove")
@click.argument("name")
@on_installation
def request_remove(name: str) -> Said:
    """Remove the request NAME with its key. A certificate issued for it can never be used."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.own_actions import remove_request

    removed = remove_request(owner(), name)
    return Said({"removed": removed.what}, f"request {removed.what} removed, and its private key")


def _request_said(key: "OwnKey", out: Path | None) -> Said:
    data = {"name": key.name, "id": key.digest, "key": key.kind, "request": key.request}
    if out is None:
        return Said(data, key.request.rstrip("\n"), f"request {key.name}, {key.kind}")
    with replaced(out, 0o644) as put:
        put(key.request)
    return Said(data, f"request {key.name}, {key.kind}, in {out}")


# --- certificates ---------------------------------------------------------------------------------------------------


@certificate.command(name="add")
@click.argument("files", nargs=-1, type=FILE, metavar="[FILE]...")
@click.option("--chain", type=FILE, metavar="FILE", help="One more file, with certificates in any order.")
@click.option("--key", type=FILE, metavar="FILE", help="One more file, with the private key.")
@click.option(
    "--password-file", "--key-password-file", type=FILE, metavar="FILE", help="Its first line opens key or PKCS#12."
)
@click.option("--name", default="", help="Name in lists; default: the request's, else the subject.")
@click.option("--use", is_flag=True, help="Put it in use as well; without this the one in use stays.")
@_from_option
@_force_option
@on_installation
def certificate_add(
    files: tuple[Path, ...], chain: Path | None, key: Path | None, password_file: Path | None, name: str, use: bool,
    use_from: datetime | None, force: bool,
) -> Said:  # fmt: skip
    """Store a certificate with its chain and key. Forms: PEM, DER, PKCS#7, PKCS#12.

    The key is in one of the files, or it is that of a request made here. A certificate that is stored already gets the
    chain of the files if that is a better one.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.trust.own_actions import Addition, add_certificate

    given = [*files, *filter(None, (chain, key))]
    if not given:
        raise OperatorError("No file is given: seonapi certificate add FILE...")
    password = secret_in(password_file)
    added = add_certificate(
        owner(),
        Addition(
            files=[read_file(path) for path in given],
            password=password.encode() if password else None,
            name=name,
            use=use or use_from is not None,
            use_from=_ahead(use_from),
            force=force,
        ),
    )
    done = "stored" if added.is_new else "is stored already and gets a better chain" if added.chain_replaced else ""
    lines = [f"certificate of {added.own.subject} until {added.own.not_after:%Y-%m-%d} {done or 'is stored already'}"]
    lines += [_usage_of(added.own)]
    lines += [f"the chain of {other} is completed too" for other in added.completed]
    data = {**_plain(added.own), "new": added.is_new, "chain_replaced": added.chain_replaced,
            "completed": [other.fingerprint for other in added.completed], **_told(added.findings)}  # fmt: skip
    return Said(data, _sentences(*lines, *_lines(added.findings)))


@certificate.command(name="list")
@on_installation
def certificate_list() -> Said:
    """List certificates, and requests that wait for theirs."""
    from seon.backend.trust.models import OwnCertificate
    from seon.backend.trust.own import SHORT, waiting_keys

    table = Table(_LIST, empty="no own certificates yet")
    for own in OwnCertificate.objects.select_related("key"):
        table.add(short=own.fingerprint[:SHORT], **_row(own))
    for key in waiting_keys():
        table.add(
            short=key.digest[:SHORT], id=key.digest, name=key.name, state=State("request", Tone.SOON), key=key.kind,
            made_at=key.made_at,
        )  # fmt: skip
    return table.said()


@certificate.command(name="show")
@click.argument("reference", metavar="ID")
@on_installation
def certificate_show(reference: str) -> Said:
    """Show the certificate ID: its chain, and what is to be said of it."""
    from django.utils import timezone

    from seon import pki
    from seon.backend.trust.judging import judge
    from seon.backend.trust.own import chain_of, find_own

    own = find_own(reference)
    chain = chain_of(own)
    findings = judge(chain, own.use_from or timezone.now())
    sheet, members, said = Sheet(), Table(_CHAIN, empty=""), Table(_FINDINGS, empty="nothing")
    for held in pki.certificates_in_pem(own.chain):
        members.add(subject=pki.subject_of(held), issuer=pki.issuer_of(held), not_after=held.not_valid_after_utc,
                    sha256=pki.fingerprint(held))  # fmt: skip
    for finding in findings:
        said.add(weight=finding.weight.value, code=finding.code, text=finding.text)
    for key, value in _row(own).items():
        sheet.add(key, _TITLES.get(key, ""), value)
    sheet.add("chain", "chain", members)
    sheet.add("pem", "", own.chain)
    sheet.add("findings", "to be said of it", said)
    return sheet.said()


@certificate.command(name="use")
@click.argument("reference", metavar="ID")
@_from_option
@_force_option
@on_installation
def certificate_use(reference: str, use_from: datetime | None, force: bool) -> Said:
    """Put the certificate ID in use, now or from a time on. Running sessions go on."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.own_actions import use_certificate

    used = use_certificate(owner(), reference, _ahead(use_from), force=force)
    return _used_said(used.own, used.before, used.findings)


@certificate.command(name="unplan")
@click.argument("reference", metavar="ID")
@on_installation
def certificate_unplan(reference: str) -> Said:
    """Forget that the certificate ID is to come into use."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.own_actions import keep_in_use

    own = keep_in_use(owner(), reference)
    return Said(_plain(own), f"certificate {own} is not going to be used: the one in use stays")


@certificate.command(name="back")
@_force_option
@on_installation
def certificate_back(force: bool) -> Said:
    """Put the certificate in use that was in use before."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.own_actions import go_back

    used = go_back(owner(), force=force)
    return _used_said(used.own, used.before, used.findings)


@certificate.command(name="rename")
@click.argument("reference", metavar="ID")
@click.argument("name")
@on_installation
def certificate_rename(reference: str, name: str) -> Said:
    """Give the certificate ID another name in lists."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.own_actions import rename

    own = rename(owner(), reference, name)
    return Said(_plain(own), f"certificate {own.fingerprint[:12]} is named {own.name}")


@certificate.command(name="remove")
@click.argument("reference", metavar="ID")
@on_installation
def certificate_remove(reference: str) -> Said:
    """Remove the certificate ID. Its key goes, too, if no other certificate has it."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.own_actions import remove

    removed = remove(owner(), reference)
    key = "and its private key" if removed.with_key else "; its private key stays, another certificate has it"
    return Said({"removed": removed.what, "with_key": removed.with_key}, f"certificate {removed.what} removed {key}")


# --- CA certificates ------------------------------------------------------------------------------------------------


@certificate.group()
def ca() -> None:
    """CA certificates that complete chains of ours. They admit nobody."""


@ca.command(name="add")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@on_installation
def ca_add(files: tuple[Path, ...]) -> Said:
    """Store CA certificates, such as intermediates. Chains with a gap are completed with them."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.own_actions import add_authorities

    kept, completed = add_authorities(owner(), [read_file(path) for path in files])
    lines = [f"CA certificate of {held.subject} until {held.not_after:%Y-%m-%d} stored" for held in kept]
    lines += [f"the chain of {own} is completed" for own in completed]
    data = {"stored": [held.fingerprint for held in kept], "completed": [own.fingerprint for own in completed]}
    return Said(data, _sentences(*lines))


@ca.command(name="list")
@on_installation
def ca_list() -> Said:
    """List the CA certificates that were added."""
    from seon.backend.trust.models import ChainCertificate

    table = Table(
        {"short": "id", "subject": "subject", "not_after": "valid until"}, empty="no CA certificates were added"
    )  # fmt: skip
    for held in ChainCertificate.objects.all():
        table.add(short=held.fingerprint[:12], id=held.fingerprint, subject=held.subject, not_after=held.not_after)
    return table.said()


@ca.command(name="remove")
@click.argument("reference", metavar="ID")
@on_installation
def ca_remove(reference: str) -> Said:
    """Remove the CA certificate ID. Chains that it is part of stay."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.own_actions import remove_authority

    held = remove_authority(owner(), reference)
    return Said({"id": held.fingerprint}, f"CA certificate of {held.subject} removed")


# --- words ----------------------------------------------------------------------------------------------------------


def _ahead(time: datetime | None) -> datetime | None:
    """Return a time to come. Raises OperatorError."""
    if time and time <= datetime.now(UTC):
        raise OperatorError(f"--from: {time:%Y-%m-%d %H:%M} UTC has passed: leave --from out to use it now")
    return time


def _row(own: "OwnCertificate") -> dict[str, Any]:
    return {
        "id": own.fingerprint, "name": own.name, "subject": own.subject, "state": _state(own), "in_use": own.in_use,
        "not_before": own.not_before, "not_after": own.not_after, "key": own.key.kind, "use_from": own.use_from,
        "used_at": own.used_at,
    }  # fmt: skip


def _state(own: "OwnCertificate") -> State:
    from seon.backend.trust.lists import own_state

    said = own_state(own, datetime.now(UTC))
    return State(said, _TONES[said])


def _plain(own: "OwnCertificate") -> dict[str, Any]:
    """Return what programs are told of a certificate."""
    return {**_row(own), "state": str(_state(own))}


def _usage_of(own: "OwnCertificate") -> str:
    if own.in_use:
        return "in use"
    if own.use_from:
        return f"to be used from {own.use_from:%Y-%m-%d %H:%M} UTC on"
    return f"not in use: seonapi certificate use {own.fingerprint[:12]}"


def _used_said(own: "OwnCertificate", before: "OwnCertificate | None", findings: "list[Finding]") -> Said:
    instead = f"; {'until then' if own.use_from else 'before'}: {before}" if before else ""
    text = f"certificate of {own.subject} until {own.not_after:%Y-%m-%d}: {_usage_of(own)}{instead}"
    data = {**_plain(own), "before": before.fingerprint if before else None, **_told(findings)}
    return Said(data, _sentences(text, *_lines(findings)))


def _told(findings: "list[Finding]") -> dict[str, Any]:
    return {"findings": [{"weight": one.weight.value, "code": one.code, "text": one.text} for one in findings]}


def _lines(findings: "list[Finding]") -> list[str]:
    return [f"{'note' if one.weight == 'note' else 'warning'}: {one.text}" for one in findings]


def _sentences(*lines: str) -> str:
    """Return lines as a terminal may show them: whoever issued a certificate chose some of their characters."""
    return "\n".join(shown(line, 2_000) for line in lines)
