"""A site with everything that the table of cases needs, and what its events say of each connection."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functional.cases import CASES, Known
from functional.cases_world import ANCHORS, LISTS, World
from functional.harness import Site
from seon.pki import peer_certificate

PARTNER_NAME = "case-{:03}"
CONFIGURE = """
import json
from datetime import UTC, datetime
from django.db import transaction
from seon import pki
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.models import Settings
from seon.backend.partners.keys import set_partner_settings
from seon.backend.partners.models import Partner, PartnerCertificate, PartnerName
from seon.backend.revocation.keeping import take_over
from seon.backend.revocation.models import CrlUrl
from seon.backend.revocation.places import issuer_of
from seon.pki.lists import count_entries, read_list
wanted = json.load(open(WANTED))
with transaction.atomic():
    settings = Settings.load()
    settings.exempt_networks = "127.0.0.0/8"
    settings.save()
    for one in wanted["anchors"]:
        Anchor(**one).save()
    for one in wanted["partners"]:
        pin, names, keys = one.pop("pin"), one.pop("names"), one.pop("settings")
        partner = Partner(**one)
        partner.save()
        if pin:
            PartnerCertificate(partner=partner, pem=pin).save()
        if names:
            PartnerName(partner=partner, issuer=names[0], subject=names[1]).save()
        if keys:
            set_partner_settings(partner.identifier, keys)
    for one in wanted["lists"]:
        issuer = issuer_of(pki.peer_certificate(bytes.fromhex(one["issuer"])))
        place, _ = CrlUrl.objects.get_or_create(issuer=issuer, url=one["url"])
        found = read_list(bytes.fromhex(one["der"]))
        take_over(found, place, count_entries(found))
"""
"""What the command line would do: here in one process and as one version, and some lists are ones it would refuse."""


def partner_of(case: str) -> str:
    """Return the id of a case's partner."""
    return PARTNER_NAME.format(list(CASES).index(case))


def configure(site: Site, world: World) -> None:
    """Store anchors, partners and lists of all cases in Seonapi."""
    wanted = {
        "anchors": [
            {"name": name, "pem": world.ca(name).pem, "asserts_odette_ids": asserts}
            for name, asserts in ANCHORS.items()
        ],
        "partners": [_partner(world, name, case.known) for name, case in CASES.items() if case.known],
        "lists": [
            {"issuer": world.ca(one.ca).der.hex(), "url": one.url, "der": one.make(world).hex()} for one in LISTS
        ],
    }  # fmt: skip
    path = site.layout.root / "wanted.json"
    path.write_text(json.dumps(wanted))
    site.django(CONFIGURE.replace("WANTED", repr(str(path))))


def _partner(world: World, case: str, known: Known) -> dict[str, Any]:
    leaf = world.shown(case).leaf
    return {
        "identifier": partner_of(case),
        "name": case,
        "enabled": known.enabled,
        "networks": "\n".join(known.networks),
        "anchors": "\n".join(world.ca(name).fingerprint for name in known.anchors),
        "odette_ids": world.odette_id(case) if known.odette_id else "",
        "pin": leaf.pem if known.pin else "",
        "names": [_text(world.ca("plain").der), _text(leaf.der)] if known.names else [],
        "settings": dict(known.settings),
    }


def _text(der: bytes) -> str:
    return peer_certificate(der).subject_text or ""


# --- what is said of it -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What Seonapi's journal has of one connection, by the DMZ's word."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Code and fields, in the order of their arrival."""

    def of(self, code: str) -> dict[str, Any] | None:
        """Return the fields of the one event of this code, None if there is none."""
        found = [fields for kind, fields in self.events if kind == code]
        assert len(found) < 2, found
        return found[0] if found else None

    @property
    def is_whole(self) -> bool:
        """Whether it has been said what came of the connection."""
        return any(code in RESULTS for code, _ in self.events)


RESULTS = ("ADM-REFUSED", "ADM-NETWORK", "ADM-TLS", "ADM-LIMIT", "SES-START", "SES-FAILED")
_QUERY = (
    "SELECT code, fields FROM journal_entry WHERE hop = 'dmz' AND (code LIKE 'ADM-%' OR code LIKE 'SES-%') ORDER BY id"
)


def said_of(site: Site, sources: Sequence[str], seconds: float = 15.0) -> Mapping[str, Said]:
    """Return what the journal has of the connections from these addresses, when it has something of each."""
    until = time.monotonic() + seconds
    while True:
        found = {source: Said() for source in sources}
        for code, fields in site._rows(_QUERY):
            values = json.loads(fields)
            if said := found.get(values.get("source", "")):
                said.events.append((code, values))
        if all(said.is_whole for said in found.values()) or time.monotonic() > until:
            return found
        time.sleep(0.1)
