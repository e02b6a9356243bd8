"""A stranger is refused; its certificate comes inside by itself; a partner is made of it, and is admitted."""

import contextlib
import json
import socket
import ssl
from typing import Any

from certificates import make
from functional.harness import Site
from functional.processes import eventually


def shown(site: Site, name: str) -> bytes:
    """Show a certificate; return what the server says in OFTP2, nothing where it refuses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(site.layout.certificate(name), site.layout.key(name))
    with (
        contextlib.suppress(ssl.SSLError, ConnectionError),
        socket.create_connection(("127.0.0.1", site.ports.external), 10) as sock,
        context.wrap_socket(sock) as tls,
    ):
        return tls.recv(100)
    return b""


def refused(site: Site) -> list[dict[str, Any]]:
    return list(json.loads(site.seonapi(["partner", "refused", "list", "--json"]).splitlines()[-1]))


def test_a_stranger_becomes_a_partner_without_its_file(running: Site) -> None:
    site = running
    made = make("New partner")
    made.write(site.layout.certificate("new"), site.layout.key("new"))
    assert shown(site, "new") == b""
    eventually(lambda: any(row["sha256"] == made.fingerprint for row in refused(site)), seconds=10)
    (row,) = (row for row in refused(site) if row["sha256"] == made.fingerprint)
    assert (row["subject"], row["count"]) == ("CN=New partner", 1)
    assert row["source"].startswith("127.0.0.1:")
    assert row["reason"]
    site.seonapi(["partner", "from-refused", made.fingerprint[:16], "new"])
    site.in_force()
    assert b"ODETTE FTP READY" in shown(site, "new")
    assert all(row["sha256"] != made.fingerprint for row in refused(site))
