"""Licenses that do not hold: what a test puts in the real one's place, and what must be said of it."""

import json

from functional.harness import Site
from seon.link.identity import License, new_link_ca, proxy_id_of, read_license
from seon.pki import certificate_in_pem, new_ed25519_key, pem_of

_DATED = """
import datetime as dt, json
from seon.backend.trust.authorities import link_authority
from seon.link.identity import parse_proxy_id
from seon.pki import Leaf, Purpose, issue, pem_of
key, ca = link_authority()
since, until = (dt.datetime.now(dt.UTC) + dt.timedelta(days=days) for days in {days!r})
leaf = Leaf(common_name="dated", since=since, until=until, purposes=[Purpose.SERVER])
print(json.dumps(pem_of(issue(key, ca, parse_proxy_id({proxy_id!r}), leaf)) + pem_of(ca)))
"""


def license_of(site: Site) -> License:
    return read_license(site.layout.license_file.read_bytes())


def dated(site: Site, begins: float, ends: float) -> str:
    """Return a license of this site's server that begins and ends so many days from now."""
    made: str = json.loads(site.django(_DATED.format(days=(begins, ends), proxy_id=license_of(site).proxy_id)))
    return made


def missing(site: Site) -> str:
    site.layout.license_file.unlink()
    return "it cannot be read: No such file or directory"


def a_directory(site: Site) -> str:
    site.layout.license_file.unlink()
    site.layout.license_file.mkdir()
    return "it is not a file with a license"


def expired(site: Site) -> str:
    site.layout.license_file.write_text(dated(site, -3, -1))
    return "the license ended at 20"


def not_yet_valid(site: Site) -> str:
    site.layout.license_file.write_text(dated(site, 1, 30))
    return "the license is valid only from 20"


def tampered(site: Site) -> str:
    certificate = certificate_in_pem(site.layout.license_file.read_bytes())
    site.layout.license_file.write_text(pem_of(certificate) + pem_of(new_link_ca()[1]))
    return "its certificate was not issued by the CA beside it: it was changed"


def damaged(site: Site) -> str:
    site.layout.license_file.write_text(site.layout.license_file.read_text()[:300])
    return "it is not a license, or was damaged"


def for_another_proxy_id(site: Site) -> str:
    other = proxy_id_of(new_ed25519_key().public_key())
    site.seonapi(["license", "issue", other, "--out", str(site.layout.license_file)])
    return f"it was issued for another Proxy ID: {other}"


def writable_by_others(site: Site) -> str:
    site.layout.license_file.chmod(0o666)
    return f"group or others may write it; type: chmod go-w {site.layout.license_file}"


def unreadable(site: Site) -> str:
    site.layout.license_file.chmod(0o000)
    return "it cannot be read: Permission denied; the server runs as user "
