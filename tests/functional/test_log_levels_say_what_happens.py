"""At DEBUG the log says each step of a session, at TRACE each command and each handshake; and never a secret."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.harness import OUR_CODE, PASSWORD, Site, open_site
from functional.test_the_dmz_learns_nothing_of_the_inside import of_the_inside
from seon.cli.quickstart.installation import PARTNER

SIDES = ("server", "client")
SIZE = 3_000_000
MARK = b"THIS-IS-CONTENT-OF-THE-FILE-"
"""What the files consist of: a log that shows any of it shows a part of this."""


SETTINGS = '<log4c><category name="root" priority="trace" appender="seon_appender"/></log4c>'


@pytest.fixture(scope="module")
def traced(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site at TRACE, after one file in and one file out."""
    root = tmp_path_factory.mktemp("traced") / "run"
    made = open_site(golden, root)
    for side in SIDES:
        (root / side / f"seon_proxy{side}.logrc").write_text(SETTINGS)
    try:
        made.start()
        path = root / "CONTENT"
        path.write_bytes(MARK * (SIZE // len(MARK)))
        assert made.send_in([path]).receipts == ["EERP"]
        assert made.send_out([path]).receipts == ["EERP"]
        made.gone("seon_proxyserver2: session")
        made.gone("seon_proxyclient2: session")
        yield made
    finally:
        made.close()


def sessions(site: Site, side: str, direction: str) -> list[str]:
    found = re.findall(r"SES-START \[([^]]+)\] (.*)", site.log(side))
    return [session for session, text in found if direction in text]


def lines(site: Site, side: str, level: str, direction: str) -> list[str]:
    """Return what the log says of the one session in a direction at a level, without what each step took."""
    (session,) = sessions(site, side, direction)
    found = re.findall(rf" {level} +\d+ \[{session}\] (.*)", site.log(side))
    return [re.sub(r" \(\d+\.\d ms\)$", "", text) for text in found]


def in_order(lines_: list[str], *patterns: str) -> None:
    """Each pattern matches the beginning of a line behind that of the pattern before."""
    rest = iter(lines_)
    for pattern in patterns:
        assert any(re.match(pattern, line) for line in rest), f"{pattern} is not there, or not in its place: {lines_}"


def test_each_step_of_an_incoming_session_is_said_on_both_hosts(traced: Site) -> None:
    in_order(
        lines(traced, "server", "DEBUG", "incoming"),
        f"partner {PARTNER} from 127.0.0.1:\\d+ is admitted; client ",
        "OpenSession sent to client ",
        "the session link has come with its ticket",
        "session process \\d+ forked",
        "running: octets pass",
        "ended, .*partner: ",
        "session process \\d+ ended: exit status 0",
    )
    in_order(
        lines(traced, "client", "DEBUG", "incoming"),
        f"OpenSession received from the server: partner {PARTNER}, from 127.0.0.1:",
        "session process \\d+ forked",
        "127.0.0.1 resolved: ",
        f"connected to 127.0.0.1:{traced.ports.receive} ",
        f"connected to 127.0.0.1:{traced.ports.internal} ",
        "session link: TLS with .*, its certificate is the server's",
        "session link: ticket sent",
        "session link: joined with the partner, TLSv1.3 ",
        "running: octets pass",
        "ended, .*partner: ",
        "session process \\d+ ended: exit status 0",
    )


def test_each_step_of_an_outgoing_session_is_said_on_both_hosts(traced: Site) -> None:
    in_order(
        lines(traced, "client", "DEBUG", "outgoing"),
        f"the send daemon has connected: partner {PARTNER}, from 127.0.0.1:",
        "session link: partner asked for",
        "session link: joined with the partner, TLSv1.3 ",
        "running: octets pass",
        "ended, ",
    )
    in_order(
        lines(traced, "server", "DEBUG", "outgoing"),
        f"client .* asks for partner {PARTNER} over a session link",
        "session process \\d+ forked",
        f"connected to 127.0.0.1:{traced.ports.partner} from ",
        f"TLS with 127.0.0.1:{traced.ports.partner}: TLSv1.3 ",
        f"the certificate is one of partner {PARTNER}: SHA-256 [0-9a-f]{{64}}, ",
        "the partner has spoken first",
        "partner joined with the session link",
        "running: octets pass",
        "ended, ",
    )


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("direction", "one", "two"), [("incoming", "partner", "station"), ("outgoing", "station", "partner")]
)
def test_each_command_is_said_in_order_and_the_data_as_one(traced: Site, side, direction, one, two) -> None:
    there, back = f"{one} -> {two}: ", f"{two} -> {one}: "
    said = lines(traced, side, "TRACE", direction)
    in_order(
        said,
        f"{back}SSRM ready",
        f"{there}SSID .*, level 5, .*password \\*+",
        f"{back}SSID .*, level 5, ",
        f"{there}SFID CONTENT of \\d+ \\d+, from \\S+ to \\S+, format U, ",
        f"{back}SFPA accepted",
        f"{there}DATA .*octets",
        f"{there}EFID ",
        f"{back}EFPA accepted",
        f"{back}EERP CONTENT of ",
        f"{there}RTR has kept the receipt",
        "(partner|station) -> (partner|station): ESID ",
    )
    assert len([text for text in said if ": DATA " in text]) < 5, "runs are summed up"


def test_each_handshake_is_said_at_both_ends(traced: Site) -> None:
    server, client = traced.log("server"), traced.log("client")
    assert re.search(r" TRACE +\d+ 127\.0\.0\.1:\d+: ClientHello: .*versions TLS 1\.3", server), "gate.tls, link.tls"
    assert re.search(r" TRACE .*: certificate shown: SHA-256 [0-9a-f]{64}, ", server)
    assert re.search(r" TRACE .*: handshake done in .* TLSv1\.3 \S+, group ", server)
    assert re.search(rf" TRACE +\d+ \[\w+\] 127\.0\.0\.1:{traced.ports.partner}: write client hello", server)
    assert re.search(rf" TRACE +\d+ 127\.0\.0\.1:{traced.ports.internal}: write client hello", client), "link.tls"
    assert re.search(rf" TRACE +\d+ \[\w+\] 127\.0\.0\.1:{traced.ports.internal}: write client hello", client)


@pytest.mark.parametrize("side", SIDES)
def test_the_parts_of_the_configuration_and_the_steps_of_ports_and_links_are_said(traced: Site, side) -> None:
    log = traced.log(side)
    assert re.search(rf" DEBUG .* Configuration \d+: partners: \d+ added: .*{PARTNER}", log)
    assert re.search(r" DEBUG .* Ports wanted: ", log)
    assert re.search(r" DEBUG .* Port 127\.0\.0\.1:\d+ \(.*\) opened| DEBUG .* Port \S+ \(external\) opened", log)
    assert re.search(r" DEBUG .* Link.* Hello .*protocol \d+ is spoken", log)
    assert re.search(r" DEBUG .* Link.*: configuration (of [\d,]+ octets sent|received, [\d,]+ octets)", log)


@pytest.mark.parametrize("side", SIDES)
def test_no_password_and_no_content_is_in_it(traced: Site, side) -> None:
    log = traced.log(side)
    assert "password ********" in log, "the SSIDs were said"
    assert PASSWORD not in log.replace(OUR_CODE, "").replace(PARTNER, "")
    assert "THIS-IS" not in log
    assert MARK.hex()[:16] not in log
    assert "PRIVATE KEY" not in log
    assert traced.layout.token_file.read_text().strip() not in log


def test_the_server_tells_no_address_of_the_inside_at_trace_either(traced: Site) -> None:
    log = traced.log("server")
    for what, pattern in of_the_inside(traced).items():
        assert not re.search(pattern, log), what
