"""The panel in a real browser: what an administrator sees, with all scripts and under the content security policy."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from browser.panel import Panel
from functional.reverse_proxy import ReverseProxy
from functional.seonapi import PASSWORD, Installation

# One Seonapi for all of them.


def test_an_administrator_logs_in_and_out(panel: Panel) -> None:
    panel.open()
    panel.take_picture("login")
    assert (panel.path, panel.title) == ("login/", "Log in | Seon SmartProxy")
    panel.log_in(PASSWORD)
    assert (panel.path, panel.title) == ("", "Overview | Seon SmartProxy")
    panel.log_out()
    panel.open("partners/")
    assert panel.path == "login/"
    assert panel.complaints() == []


def test_a_wrong_password_is_refused_in_words(panel: Panel) -> None:
    panel.log_in("not the password")
    panel.take_picture("login-refused")
    assert panel.path == "login/"
    assert "The name or the password is wrong" in panel.text
    panel.open("partners/")
    assert panel.path == "login/"
    assert panel.complaints() == []


def test_who_logs_in_comes_to_the_page_that_was_wanted(panel: Panel) -> None:
    panel.open("licenses/")
    panel.fill("username", "admin")
    panel.fill("password", PASSWORD)
    panel.click("button[type=submit]")
    assert (panel.path, panel.title) == ("licenses/", "Licenses | Seon SmartProxy")


def test_every_page_of_an_empty_installation_opens_without_a_complaint_of_the_browser(panel: Panel) -> None:
    panel.log_in(PASSWORD)
    pages = panel.menu
    assert {"TCP/IP", "Partners", "Proxies", "Licenses", "System log", "Sessions", "Files", "Users"} <= pages.keys()
    for title in pages:
        panel.go(title)
        assert (title, panel.title) == (title, f"{title} | Seon SmartProxy")
        assert (title, panel.complaints()) == (title, [])


def press(panel: Panel, key: str) -> None:
    ActionChains(panel.browser).send_keys(key).perform()


def test_a_keyboard_is_enough_to_open_the_menu_and_to_choose_the_dark_theme(panel: Panel) -> None:
    panel.log_in(PASSWORD)
    ground = "return getComputedStyle(document.documentElement).getPropertyValue('--s-ground').trim()"
    panel.browser.execute_script("document.getElementById('user-button').focus()")
    press(panel, Keys.ENTER)
    panel.eventually("Dark")
    press(panel, Keys.TAB)
    press(panel, Keys.TAB)
    assert panel.browser.switch_to.active_element.text == "Dark"
    press(panel, Keys.ENTER)
    assert panel.browser.execute_script(ground) == "#12161f"
    panel.go("Partners")
    assert panel.browser.execute_script(ground) == "#12161f"
    assert panel.complaints() == []


def test_what_is_wrong_in_a_form_is_said_beside_it(panel: Panel) -> None:
    panel.log_in(PASSWORD)
    panel.go("TCP/IP")
    panel.send("port", external_address="not an address")
    field = panel.browser.find_element("css selector", ".s-wrong")
    assert "IP address of OFTP server" in field.text
    assert "a literal IPv4 or IPv6 address" in field.text
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
        panel.go("TCP/IP")
        panel.send("port", external_address="127.0.0.9")
        assert "Saved" in panel.text
        assert panel.path == "configuration/tcp-ip/"
        panel.log_out()
        panel.open()
        assert panel.path == "login/"
        assert panel.complaints() == []
