"""What runs is seen inside within seconds, and what an administrator orders is carried out: the real programs.

The tests share one installation and follow each other: the last two end the link and the client.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functional.flowing import SIZE, FlowingTransfer
from functional.harness import Site, port_is_open
from functional.peers import BROKEN, Partner
from functional.processes import eventually
from seon.api_messages import LIVE_SECONDS
from seon.client.client import EXIT_LINK
from seon.oftp2 import commands as c
from seon.oftp2.reasons import EndReason

SEEN_SECONDS = 3 * LIVE_SECONDS
START_SECONDS = 4.0
"""What the command line itself takes on a busy machine: each start of Django is a second or more."""


def live(site: Site) -> dict[str, Any]:
    """Return what runs, as `seonapi live --json` says it."""
    said: dict[str, Any] = json.loads(site.seonapi(["live", "--json"]))
    return said


def until(site: Site, condition: Any, why: str) -> dict[str, Any]:
    """Wait until what runs is so, within three of the client's words and the time that the looks take; return it."""
    found: list[dict[str, Any]] = []

    def looked() -> bool:
        found.append(live(site))
        return bool(condition(found[-1]))

    eventually(looked, SEEN_SECONDS + 2 * START_SECONDS, why=why)
    return found[-1]


def client_of(site: Site) -> str:
    """Return the name of the one client."""
    (client,) = live(site)["clients"]
    name: str = client["client"]
    return name


@pytest.fixture
def flowing(running: Site) -> Iterator[FlowingTransfer]:
    with FlowingTransfer(running) as transfer:
        yield transfer


def ends_of(site: Site, session: str) -> list[tuple[str, str]]:
    """Return hop and text of each SES-END of a session."""
    rows = site._rows("SELECT hop, text FROM journal_entry WHERE code = 'SES-END' AND session = ?", session)
    return [(hop, text) for hop, text in rows]


def test_hosts_ports_and_configuration_are_seen(running: Site) -> None:
    seen = until(running, lambda said: said["servers"] and said["servers"][0]["external_open"], "the server is told of")
    (client,), (server,), (port,) = seen["clients"], seen["servers"], seen["ports"]
    assert (client["state"], client["receive_daemon_reached"], client["draining"]) == ("runs", True, False)
    assert server["state"] == "linked"
    assert str(running.ports.external) in server["port"]
    assert server["proxy_id"].endswith("px")
    assert server["configuration"] == client["configuration"] > 0
    assert (port["state"], port["port"].endswith(str(running.ports.outgoing))) == ("open", True)


def test_a_file_is_seen_growing_while_it_passes(running: Site, flowing: FlowingTransfer) -> None:
    grown: list[int] = []

    def grows(said: dict[str, Any]) -> bool:
        for session in said["sessions"]:
            name, octets = (session["file"].split() or ["", "0/0"])[:2]
            done, _, size = octets.partition("/")
            if name == "HELD" and int(done) > max(grown, default=0):
                assert int(size) >= SIZE
                assert (session["phase"], session["direction"]) == ("receiving", "incoming")
                assert session["rate"] > 0
                grown.append(int(done))
        return len(grown) >= 3

    until(running, grows, "the file grows")
    assert flowing.flows, "it was seen in the middle"
    assert grown == sorted(set(grown))
    flowing.finish()
    until(running, lambda said: not said["sessions"], "the session has ended")


def test_a_kill_ends_the_session_with_its_esid_and_both_hosts_say_so(running: Site) -> None:
    with Partner(running) as partner:
        partner.open()
        begun = [{"phase": "idle"}]
        seen = until(
            running,
            lambda said: [{"phase": one["phase"]} for one in said["sessions"]] == begun,
            "the session is told of",
        )
        (session,) = seen["sessions"]
        assert "done" in running.seonapi(["session", "kill", session["session"]])
        (ended,) = partner.until_end()
        assert isinstance(ended, c.EndSession)
        assert ended.reason == EndReason.UNSPECIFIED
    eventually(lambda: len(ends_of(running, session["session"])) == 2, why="both hosts have said how it ended")
    for hop, text in ends_of(running, session["session"]):
        assert "by administrator: ended by the administrator" in text, hop
    for side in ("server", "client"):
        assert f"SES-END [{session['session']}]" in running.log(side)


def test_a_drained_client_begins_no_session_and_resumes(running: Site, tmp_path: Path) -> None:
    client = client_of(running)
    with FlowingTransfer(running) as transfer:
        assert "done" in running.seonapi(["client", "drain", client])
        eventually(lambda: not port_is_open(running.ports.outgoing), why="the listening port is closed")
        eventually(lambda: not port_is_open(running.ports.external), why="the external port is closed")
        with pytest.raises(BROKEN):
            Partner(running).open()
        seen = until(running, lambda said: said["clients"][0]["draining"], "it says that it is drained")
        assert "drained" in seen["servers"][0]["port"]
        transfer.moves()
        transfer.finish()
    assert "done" in running.seonapi(["client", "resume", client])
    eventually(lambda: port_is_open(running.ports.external), why="the external port is open again")
    eventually(lambda: port_is_open(running.ports.outgoing), why="the listening port is open again")
    file = tmp_path / "AGAIN"
    file.write_bytes(b"again" * 1_000)
    assert running.send_in([file]).receipts == ["EERP"]
    for code in ("CLI-DRAINED", "CLI-RESUMED"):
        running.in_journal(code, ".")


_AN_OLD_ORDER = """
from datetime import timedelta
from django.utils import timezone
from seon.backend.acting.actors import owner
from seon.backend.live.models import LastState, LiveOrder
from seon.backend.live.orders import Place, give

order = give(owner(), Place(*LastState.objects.values_list("token_id", "address").get()), "drain")
LiveOrder.objects.filter(pk=order.pk).update(given_at=timezone.now() - timedelta(seconds=61))
"""
"""It was given a minute ago, while the client was away."""


def test_an_order_that_is_not_taken_in_time_is_void(running: Site) -> None:
    """Nothing of it happens when the client comes back."""
    running.stop("client")
    running.django(_AN_OLD_ORDER)
    running.start_client()
    eventually(lambda: port_is_open(running.ports.external), why="it serves again")
    seen = until(running, lambda said: said["servers"] and said["servers"][0]["external_open"], "it is told of")
    assert not seen["clients"][0]["draining"]
    running.in_journal("ORD-EXPIRED", ".")


def test_a_link_that_is_ended_by_order_ends_the_client_in_order(running: Site) -> None:
    began = time.monotonic()
    assert "done" in running.seonapi(["client", "end-link", client_of(running)])
    eventually(lambda: running.running["client"].ended() is not None, 30, why="the client has ended")
    assert running.running["client"].ended() == EXIT_LINK
    assert "the administrator wants the link to end" in running.log("client")
    assert time.monotonic() - began < 60
