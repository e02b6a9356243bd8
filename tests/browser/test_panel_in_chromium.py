"""The panel in a real browser: what an administrator sees, with all scripts and under the content security policy."""

import re

import pytest

from browser.panel import Panel
from functional.reverse_proxy import ReverseProxy
from functional.seonapi import PASSWORD, Installation

# One Seonapi for all of them.


def test_an_administrator_logs_in_and_out(panel: Panel) -> None:
    panel.open()
    panel.take_picture("login")
    assert (panel.path, panel.title) == ("login/", "Log in | Seon SmartProxy")
    panel.log_in(PASSWORD)
    panel.take_picture("start")
    assert (panel.path, panel.title) == ("", "Overview | Seon SmartProxy")
    panel.log_out()
    panel.open()
    assert panel.path == "login/"
    assert panel.complaints() == []


def test_a_wrong_password_is_refused_in_words(panel: Panel) -> None:
    panel.log_in("not the password")
    panel.take_picture("refused")
    assert panel.path == "login/"
    assert "Please enter the correct username and password" in panel.text
    panel.open("partners/partner/")
    assert panel.path == "login/"
    assert panel.complaints() == []


def test_every_page_of_the_side_bar_opens_without_a_complaint_of_the_browser(panel: Panel) -> None:
    panel.log_in(PASSWORD)
    pages = panel.menu
    assert {"Settings", "Partners", "Proxy clients", "Licenses", "Events", "Sessions", "Users"} <= pages.keys()
    for title, address in pages.items():
        panel.browser.get(address)
        panel.take_picture(title)
        assert (title, panel.title.endswith("| Seon SmartProxy")) == (title, True)
        assert (title, panel.complaints()) == (title, [])


def test_a_partner_is_added_and_every_change_stands_in_history_and_journal(
    panel: Panel, installation: Installation
) -> None:
    panel.log_in(PASSWORD)
    panel.follow("Partners")
    panel.follow("Add partner")
    panel.fill("identifier", "P1")
    panel.fill("name", "Partner one")
    panel.add_row("Add another SSID code")
    panel.fill("codes-0-code", "O0013P1")
    panel.add_row("Add another Certificate")
    panel.paste("certificates-0-pem", (installation.home / "https.pem").read_text())
    panel.take_picture("partner being added")
    panel.click("[name=_save]")
    panel.take_picture("partners")
    assert panel.path == "partners/partner/"
    assert "was added successfully" in panel.text
    assert [row.split() for row in panel.rows] == [["P1", "Partner", "one", "check_small", "-", "6619"]]

    panel.follow("P1")
    assert "CN=Seonapi" in panel.text
    panel.fill("host", "partner.example")
    panel.click("[name=_continue]")
    panel.take_picture("partner")
    panel.open("partners/partner/1/history/")
    panel.take_picture("history")
    assert len(panel.rows) == 2
    assert all("admin" in row for row in panel.rows)

    panel.open("journal/entry/")
    panel.take_picture("events")
    changes = [row.partition("admin (panel), ")[2] for row in panel.rows]
    wanted = [
        "partner.change: partner P1: host", "partner.add_certificate: certificate CN=Seonapi",
        "partner.add_code: SSID code O0013P1: added", "partner.add: partner P1: added",
    ]  # fmt: skip
    for change, beginning in zip(changes[:4], wanted, strict=True):
        assert change.startswith(beginning), changes
    assert re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC", panel.rows[0])
    assert panel.complaints() == []


def test_what_is_wrong_in_a_form_is_said_beside_it(panel: Panel) -> None:
    panel.log_in(PASSWORD)
    panel.follow("Settings")
    panel.fill("external_address", "not an address")
    panel.click("[name=_save]")
    panel.take_picture("wrong")
    assert "a literal IPv4 or IPv6 address" in panel.text
    assert panel.complaints() == []


@pytest.mark.parametrize("prefix", ["seonapi", "base"])
def test_below_a_path_of_a_reverse_proxy_every_page_opens_without_a_complaint(
    panel: Panel, installation: Installation, prefix: str
) -> None:
    with ReverseProxy(installation.home, installation.port).serving() as proxy:
        below = f"https://localhost:{proxy.port}/{prefix}/"
        panel.browser.get(f"{below}index.php")
        assert panel.browser.current_url == f"{below}panel/login/?next=/{prefix}/panel/"
        panel.base = f"{below}panel/"
        panel.log_in(PASSWORD)
        pages = panel.menu
        assert {address.startswith(panel.base) for address in pages.values()} == {True}
        for title, address in pages.items():
            panel.browser.get(address)
            assert panel.browser.current_url.startswith(address)
            assert (title, panel.complaints()) == (title, [])
        panel.open()
        panel.follow("Settings")
        panel.fill("external_address", "127.0.0.9")
        panel.click("[name=_save]")
        assert "was changed successfully" in panel.text
        panel.log_out()
        panel.open()
        assert panel.path == "login/"
        assert panel.complaints() == []
