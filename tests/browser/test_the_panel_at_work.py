"""What is changed at the panel is in force in the programs, and what they do is seen at the panel."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from browser.at_work import IN_FORCE_SECONDS, admin, comes_open, golden, is_in_force, site
from browser.panel import Panel
from certificates import make
from functional.flowing import FlowingTransfer
from functional.harness import Site, port_is_open
from functional.peers import BROKEN, Partner, next_call, offer
from functional.processes import eventually
from functional.test_a_partner_is_made_of_a_refused_certificate import shown
from ports import free_port
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame

__all__ = ("admin", "golden", "site")
pytestmark = pytest.mark.timeout(180)
SEEN_SECONDS = 20.0


@contextmanager
def changed(panel: Panel, page: str, form: str, **values: str) -> Iterator[None]:
    """Save values on a page, see them in force, and put those before back at the end."""
    panel.open(page)
    before = {name: str(panel.browser.find_element(By.NAME, name).get_property("value")) for name in values}
    _save(panel, page, form, values)
    try:
        yield
    finally:
        _save(panel, page, form, before)


def _save(panel: Panel, page: str, form: str, values: dict[str, str]) -> None:
    panel.open(page)
    panel.send(form, **values)
    assert "Saved" in panel.text
    if page != "configuration/queue/":  # no other host has to do with that
        is_in_force(panel)


def test_another_external_port_is_open_within_seconds_and_the_page_says_on_which_hosts(
    admin: Panel, site: Site
) -> None:
    port, before = free_port(), site.ports.external
    admin.open("configuration/tcp-ip/")
    admin.send("port", external_port=str(port))
    try:
        comes_open(port)
        eventually(lambda: not port_is_open(before), IN_FORCE_SECONDS, why="the port before is closed")
        is_in_force(admin)
        admin.eventually(rf"listens 127\.0\.0\.1:{port}", 2 * IN_FORCE_SECONDS)
    finally:
        admin.send("port", external_port=str(before))
    comes_open(before)
    is_in_force(admin)
    assert admin.complaints() == []


def test_the_api_log_goes_on_in_another_file_at_once(admin: Panel, site: Site, tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    admin.open("configuration/logging/")
    admin.send("log", path=str(log))
    eventually(lambda: log.exists() and "goes on here" in log.read_text(), 2, why="the next line stands in the new one")
    admin.eventually(str(log))
    admin.send("log", path="")
    own = site.layout.seonapi / "log" / "seonapi.log"
    eventually(lambda: f"goes on here; it was {log}" in own.read_text(), 2, why="it is back")
    assert admin.complaints() == []


def test_a_limit_is_in_force(admin: Panel, site: Site) -> None:
    with changed(admin, "configuration/limits/", "counts", sessions="1"), Partner(site) as first:
        first.open()
        with pytest.raises((AssertionError, *BROKEN)), Partner(site) as second:
            second.open()
        site.in_journal("ADM-LIMIT", "limit of 1 session at once")
    with Partner(site) as third:
        third.open()


def test_a_rule_is_worth_what_was_chosen(admin: Panel, site: Site) -> None:
    bad = frame(encode(offer("BAD"), 5).replace(b"20260101120000", b"20260101129900"))
    with Partner(site) as partner:
        partner.open()
        partner.tls.sendall(bad)
        assert isinstance(partner.receive(), c.EndSession)
    with changed(admin, "configuration/verification/", "rules", **{"FLD-TIME": "warn"}), Partner(site) as partner:
        partner.open()
        partner.tls.sendall(bad)
        site.running["server"].wait_for("SES-FINDING .*rule FLD-TIME")
    admin.open("configuration/verification/")
    row = admin.browser.find_element(By.ID, "rule-FLD-TIME").text
    assert re.search(r"\b[1-9]\d*$", row), row


def test_incoming_sessions_go_to_another_receive_daemon(admin: Panel, site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SEEN_SECONDS)
        port = str(listener.getsockname()[1])
        with changed(admin, "configuration/proxy/", "daemon", receive_daemon_port=port), Partner(site):
            next_call(listener).close()


def test_the_event_script_is_chosen_and_tried(admin: Panel, site: Site, tmp_path: Path) -> None:
    script = site.layout.root / "on-event"
    script.write_text(f'#!/bin/sh\necho "$2" > {tmp_path}/code; echo it was called\n')
    script.chmod(0o700)
    admin.open("configuration/events/")
    admin.send("script", path=str(script))
    admin.click("button[name=do][value=test]")
    admin.eventually(r"(?s)for SCR-TEST.*Exit status\s+0.*it was called")
    assert (tmp_path / "code").read_text() == "SCR-TEST\n"
    admin.send("script", path="")
    assert "No event script is set." in admin.text
    assert admin.complaints() == []


def test_the_time_slice_of_the_queue_daemon_is_in_force(admin: Panel, site: Site) -> None:
    def last() -> str:
        ((moment,),) = site._rows("SELECT max(last_run) FROM queue_job")
        return str(moment)

    with changed(admin, "configuration/queue/", "slice", queue_seconds="1"):
        seen = {last()}
        eventually(lambda: seen.add(last()) or len(seen) > 3, SEEN_SECONDS, why="rounds follow each other")


def test_messages_like_one_in_the_system_log_are_ignored_from_then_on(admin: Panel, site: Site) -> None:
    def knock(name: str) -> None:
        make(name).write(site.layout.certificate(name), site.layout.key(name))
        assert shown(site, name) == b""

    knock("Unwanted one")
    site.in_journal("ADM-REFUSED", "Unwanted one")
    admin.open("system-log/?code=ADM-REFUSED")
    address = admin.browser.find_element(By.CSS_SELECTOR, "tbody a[href*='/system-log/']").get_attribute("href")
    admin.browser.get(str(address))
    admin.follow("Every message of this kind")
    admin.send("ignore", description="The scanner of our own security team")
    assert "The scanner of our own security team" in admin.text
    before = site.journal("ADM-REFUSED")
    knock("Unwanted two")
    log = site.layout.seonapi / "log" / "seonapi.log"
    ignored = r"Ignored by rule \d+, The scanner of our own security team: ADM-REFUSED .*Unwanted two"
    eventually(lambda: re.search(ignored, log.read_text()), SEEN_SECONDS, why="the API log has it")
    assert site.journal("ADM-REFUSED") == before
    admin.open("system-log/?q=Unwanted")
    assert not [row for row in admin.rows if "Unwanted two" in row]
    admin.open("configuration/proxy/")
    admin.click("button[name=do][value=remove_rule]")
    admin.agree()
    knock("Unwanted three")
    site.in_journal("ADM-REFUSED", "Unwanted three")
    assert admin.complaints() == []


def test_a_running_session_is_watched_and_ended(admin: Panel, site: Site) -> None:
    with FlowingTransfer(site) as transfer:
        admin.open("sessions/")
        admin.eventually("HELD")
        seen: list[float] = []

        def grows() -> bool:
            bars = admin.browser.execute_script(
                "return [...document.querySelectorAll('progress')].map(one => [one.value, one.max])"
            )
            for value, most in bars:
                assert most > 60_000_000
                if not seen or value > seen[-1]:
                    seen.append(value)
            return len(seen) >= 3

        eventually(grows, SEEN_SECONDS, why="the bar grows")
        assert seen == sorted(set(seen))
        assert "receives a file of the partner" in admin.text
        admin.take_picture("session-in-progress")
        end = admin.browser.find_element(By.CSS_SELECTOR, "button[name=kill]")
        session = str(end.get_attribute("value"))
        admin.click(f"#end-{session}")
        assert "End the session" in admin.text
        admin.agree()
        assert "has the order to end the session" in admin.text
        eventually(lambda: transfer.end, SEEN_SECONDS, why="the partner has heard of the end")
        assert transfer.end
        assert (transfer.end.reason, transfer.end.by_us) == (99, False)
        assert not transfer.receipts
    admin.eventually("No session runs now")
    eventually(
        lambda: len(site._rows("SELECT 1 FROM journal_entry WHERE code = 'SES-END' AND session = ?", session)) == 2
    )
    admin.open(f"sessions/{session}/")
    assert re.search(r"Ended by\s+an administrator", admin.text)
    assert f"end session {session} with ESID 99; the session was told to end" in admin.text
    assert admin.complaints() == []


def test_a_refused_stranger_becomes_a_partner_and_comes_in(admin: Panel, site: Site) -> None:
    made = make("Stranger Ltd")
    made.write(site.layout.certificate("stranger"), site.layout.key("stranger"))
    assert shown(site, "stranger") == b""
    eventually(lambda: site._rows("SELECT 1 FROM refused_refusedcertificate WHERE fingerprint = ?", made.fingerprint))
    admin.open("refused/")
    admin.follow("CN=Stranger Ltd")
    assert made.fingerprint in re.sub(r"[\s:]", "", admin.text).lower()
    admin.send("make")
    assert admin.path == "partners/id-stranger-ltd/"
    site.in_force()
    assert b"ODETTE FTP READY" in shown(site, "stranger")
    admin.open("refused/")
    assert "Stranger Ltd" not in admin.text
    assert admin.complaints() == []
