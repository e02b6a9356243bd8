"""Every page of the panel: which there are, found by following links as people do, and what may be wrong with one."""

import re
import subprocess
import sys
from collections import deque
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
from selenium.webdriver import Chrome

from functional.seonapi import PASSWORD, Installation

HERE = Path(__file__).parent
AXE = (HERE / "axe" / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MOST_VISITED = 400
_LINK = re.compile(r'(?:href|hx-get)="([^"]*)"')
_ID = re.compile(r"[0-9a-f]{16,}(?:px)?|\d+")


def fill(installation: Installation, kind: str) -> dict[str, str]:
    """Fill an installation with `world.py`; return what it names."""
    done = subprocess.run(
        [sys.executable, str(HERE / "world.py"), kind],
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@dataclass
class Site:
    """One example of each page that links lead to."""

    base: str
    tls: object
    pages: dict[str, str] = field(default_factory=dict)
    """Path without ids -> an example of it, both below `/panel/`."""

    def crawl(self) -> None:
        """Log in and follow every link that leads to a page of a kind that was not seen yet."""
        with httpx.Client(
            base_url=self.base, verify=self.tls, timeout=30, trust_env=False, follow_redirects=True
        ) as client:  # type: ignore[arg-type]
            log_in(client)
            waiting, seen = deque([""]), {""}
            while waiting and len(self.pages) < MOST_VISITED:
                path = waiting.popleft()
                answer = client.get(path, headers={"Accept": "text/html"})
                assert answer.status_code < 500, (path, answer.status_code)
                if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/html"):
                    continue
                if "<html" in answer.text:
                    self.pages.setdefault(kind_of(path), path)
                for link in self._links(path, answer.text):
                    if kind_of(link) not in seen:
                        seen.add(kind_of(link))
                        waiting.append(link)

    def _links(self, path: str, text: str) -> list[str]:
        found = []
        for raw in _LINK.findall(text):
            whole = urldefrag(urljoin(self.base + path, unescape(raw))).url
            if whole.startswith(self.base) and "logout" not in whole and "/jsi18n/" not in whole:
                found.append(whole.removeprefix(self.base))
        return found


def log_in(client: httpx.Client, user: str = "admin") -> None:
    """Log in as a browser does."""
    form = client.get("login/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    sent = {"csrfmiddlewaretoken": token[1], "username": user, "password": PASSWORD, "next": ""}
    answer = client.post("login/", data=sent, headers={"Referer": str(client.base_url) + "login/"})
    assert "login/" not in str(answer.url), answer.text[:500]


def kind_of(path: str) -> str:
    """Return a path without what names one thing of many: ids, and all that a list is asked for but its tab."""
    parts = urlsplit(path)
    tab = re.search(r"(?:^|&)(tab=[a-z-]+)", parts.query)
    names = [_kind_of_step(step) for step in parts.path.split("/")]
    return "/".join(names) + (f"?{tab[1]}" if tab else "")


def _kind_of_step(step: str) -> str:
    known = re.fullmatch(r"[a-z][a-z0-9_-]*", step) and not _ID.fullmatch(step)
    return step if known or not step else "*"


# --- what may be wrong ------------------------------------------------------------------------------------------------

OVERLAPS = (HERE / "overlaps.js").read_text()
EVIL = (HERE / "evil.js").read_text()


def resize(browser: Chrome, width: int, height: int = 900) -> None:
    """Give the window the size of a screen, in pixels."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def dress(browser: Chrome, theme: str) -> None:
    """Choose light or dark as the user's menu does."""
    browser.execute_script("localStorage.setItem('adminTheme', JSON.stringify(arguments[0]))", theme)


def is_dark(browser: Chrome) -> bool:
    """Return whether the page is shown in dark colours."""
    return bool(browser.execute_script("return document.documentElement.classList.contains('dark')"))


def axe(browser: Chrome) -> list[str]:
    """Return what axe-core finds: rule, how often, and the first place."""
    browser.execute_script(AXE)
    found = browser.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}, resultTypes: ['violations']}).then(r =>"
        " done(r.violations.map(v => v.id + ' (' + v.nodes.length + '): ' + v.nodes[0].html.slice(0, 200)"
        " + ' ' + (v.nodes[0].any[0] ? v.nodes[0].any[0].message : '').slice(0, 200))));",
        TAGS,
    )
    return [str(one) for one in found]
