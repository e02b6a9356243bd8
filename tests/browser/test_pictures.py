"""The pictures of docs/panel.md: each page of the side bar of an installation in use, as the tests see it.

    SEON_TEST_PICTURES=docs/pictures .venv/bin/pytest tests/browser/test_pictures.py

makes them anew. Without it the same pages are opened and no picture is kept.
"""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.conftest import pictures, start, trust
from browser.every_page import dress, fill, resize
from browser.panel import Panel
from functional.seonapi import PASSWORD, Installation

DOCS = Path(__file__).parents[2] / "docs"
HIDE = """
const walker = document.createTreeWalker(document.querySelector("#content"), NodeFilter.SHOW_TEXT);
while (walker.nextNode())
  for (const [ours, shown] of Object.entries(arguments[0]))
    if (walker.currentNode.data.trim() === ours || ours.startsWith("/"))
      walker.currentNode.data = walker.currentNode.data.replaceAll(ours, shown);
"""
"""Puts other names in the place of those of the machine that makes the pictures."""
TALLEST = 1_500
"""Pixels: a picture of a longer page shows its beginning."""


@pytest.fixture(scope="module")
def used(programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("plain") / "home")
    made.init()
    fill(made, "plain")
    made.serve()
    yield made
    made.close()


def test_every_page_of_the_side_bar_has_its_picture(
    programs: dict[str, Path], used: Installation, tmp_path: Path
) -> None:
    trust(programs["certutil"], tmp_path, used.home / "api-ca.pem")
    with start(programs, tmp_path) as browser:
        panel = Panel(browser, f"https://localhost:{used.port}/panel/", pictures())
        panel.log_in(PASSWORD)
        dress(browser, "light")
        described = (DOCS / "panel.md").read_text()
        for title, address in panel.menu.items():
            resize(browser, 1280)
            browser.get(address)
            height = browser.execute_script("return document.documentElement.scrollHeight")
            resize(browser, 1280, max(700, min(int(height), TALLEST)))
            browser.execute_script(HIDE, {str(used.home): "/opt/seon/seonapi", socket.gethostname(): "seonapi"})
            name = f"panel-{re.sub(r'[^a-z]+', '-', title.lower())}"
            panel.take_picture(name)
            assert (title, f"pictures/{name}.png" in described) == (title, True)
            assert (title, (DOCS / "pictures" / f"{name}.png").is_file()) == (title, True)
        assert panel.complaints() == []
