"""From an empty installation to the first file: each step with what to type or where to click, ticking itself off.

The commands are those of docs/operating.md, with what is known already in them. A test compares them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from seon.backend.panel.overview.facts import Facts

PROGRAMS = "/opt/seon/proxy"
"""Where docs/operating.md puts server and client."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something to type."""

    host: str
    """On which host."""
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    title: str
    done: bool
    text: str
    page: str = ""
    """The name of the address of the page where it is done."""
    page_title: str = ""
    commands: tuple[Command, ...] = ()


def steps(facts: Facts, address: str) -> list[Step]:
    """Return the steps to the first file; none once a file was transferred.

    `address`: where clients reach Seonapi, such as `https://seonapi.example:8443`.
    """
    return (
        []
        if facts.last_file is not None
        else [*_of_the_server(facts), *_of_the_client(facts, address), *_of_a_file(facts)]
    )


def _of_the_server(facts: Facts) -> Iterator[Step]:
    dmz, here = _("DMZ host"), _("host of Seonapi")
    licensed = next((server for server in facts.servers if server.licensed), None)
    proxy_id = licensed.proxy_id if licensed else "PROXY_ID"
    in_force = any(server.license_until and server.license_until > facts.now for server in facts.servers)
    yield Step(
        _("Ask the server for its Proxy ID"), licensed is not None,
        _("The program shows 64 hex digits and px. It needs no license for this."),
        commands=(Command(dmz, f"seon programs {PROGRAMS}"), Command(dmz, f"{PROGRAMS}/seon_proxyserver2 -L")),
    )  # fmt: skip
    yield Step(
        _("Issue a license for this Proxy ID"), in_force,
        _("Download the file, and carry it to the DMZ host. It is no secret."),
        "panel:licenses", _("Licenses"),
        (
            Command(here, f"seonapi license issue {proxy_id} --out seon_proxy.lic"),
            Command(dmz, "install -m 644 seon_proxy.lic /etc/seon_proxy.lic"),
        ),
    )  # fmt: skip
    yield Step(
        _("Start the server"), facts.had_session or any(server.up for server in facts.servers),
        _("It waits for the client on port 2878. For good, let its service start it: docs/operating.md."),
        commands=(Command(dmz, f"{PROGRAMS}/seon_proxyserver2 -i :2878"),),
    )  # fmt: skip


def _of_the_client(facts: Facts, address: str) -> Iterator[Step]:
    inside, here = _("host of the client"), _("host of Seonapi")
    start = f"{PROGRAMS}/seon_proxyclient2 -U {address} -S DMZ_HOST:2878 -T @/etc/seon_token"
    yield Step(
        _("Make a security token"), bool(facts.tokens),
        _("It is shown once. Put it into /etc/seon_token on the host of the client, readable for its user alone."),
        "panel:tokens", _("Tokens"), (Command(here, "seonapi token add main > seon_token"),),
    )  # fmt: skip
    yield Step(
        _("Start the client"), bool(facts.clients),
        _("DMZ_HOST is the name or address of the server. For good, let its service start it: docs/operating.md."),
        "panel:proxies", _("Proxies"), (Command(inside, f"seon programs {PROGRAMS}"), Command(inside, start)),
    )  # fmt: skip
    yield Step(
        _("Say where your OFTP2 station takes sessions"), bool(facts.receive_daemon),
        _("This is the receive daemon: host and port of the station, without TLS."),
        "panel:proxy", _("Proxy"), (Command(here, "seonapi set receive_daemon HOST:PORT"),),
    )  # fmt: skip
    yield Step(
        _("Import your own certificate"), facts.own_until is not None,
        _("Partners see it. Without it the server does not open its external port."),
        "panel:own-certificates", _("Own certificates"),
        (Command(here, "seonapi certificate add ours.pem ours.key --use"),),
    )  # fmt: skip
    yield Step(
        _("Start the queue daemon"), facts.daemon is not None and not facts.daemon.away,
        _("It fetches revocation lists and cleans up. For good, let its service start it."),
        "panel:jobs", _("Background jobs"), (Command(here, "seonapi queue"),),
    )  # fmt: skip


def _of_a_file(facts: Facts) -> Iterator[Step]:
    here = _("host of Seonapi")
    add = "seonapi partner add acme --name Acme --code O0013ACME --certificate acme.pem --host oftp.acme.example"
    yield Step(
        _("Add the first partner"), bool(facts.partners),
        _("Drop its certificate on the page: what can be read of it is filled in."),
        "panel:partners", _("Partners"), (Command(here, add),),
    )  # fmt: skip
    yield Step(
        _("Give the partner a listening port"), bool(facts.listeners),
        _("Your station sends to this partner by this port of the client. Skip it if the partner only sends."),
        "panel:proxies", _("Proxies"),
        (Command(here, "seonapi listener add --client main/CLIENT_ADDRESS --port 4305 --partner acme"),),
    )  # fmt: skip
    yield Step(
        _("Hold the first session"), facts.had_session,
        _("Let the partner call the external port, or let your station call the listening port. What happens stands "
          "on the page Sessions. Why somebody was refused stands on the page Refused strangers."),
        "panel:sessions", _("Sessions"),
    )  # fmt: skip
    yield Step(
        _("Send or receive the first file"), facts.last_file is not None,
        _("Then this list goes away, and the numbers of each hour stand here."), "panel:files", _("Files"),
    )  # fmt: skip
