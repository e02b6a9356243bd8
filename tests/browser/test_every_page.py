"""Every page of the panel, filled with what strangers send.

Readable for everybody, nothing on top of anything, no script but ours, and no complaint of the browser.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.conftest import start, trust
from browser.every_page import EVIL, OVERLAPS, Site, axe, dress, fill, is_dark, resize
from browser.panel import Panel
from functional.seonapi import PASSWORD, Installation

GROUPS = (
    "", "sessions", "files", "system-log", "partners", "refused", "configuration/tcp-ip",
    "configuration/proxy", "configuration/logging", "configuration/events", "configuration/limits",
    "configuration/verification", "configuration/queue", "proxies", "licenses", "tokens",
    "own-certificates", "trust", "audit", "users", "jobs", "about", "password_change",
)  # fmt: skip
"""How the addresses begin. A page that no group has fails the first test."""
OF_UNFOLD: dict[str, str] = {}
"""What axe-core finds in unfold's own templates: rule -> where. At most ten."""


@pytest.fixture(scope="module")
def hostile(programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("hostile") / "home")
    made.init()
    fill(made, "hostile")
    made.serve()
    yield made
    made.close()


@pytest.fixture(scope="module")
def site(hostile: Installation) -> Site:
    found = Site(f"https://localhost:{hostile.port}/panel/", hostile.tls)
    found.crawl()
    return found


@pytest.fixture(scope="module")
def looking(
    programs: dict[str, Path], hostile: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Panel]:
    """One browser for all pages, logged in."""
    home = tmp_path_factory.mktemp("looking")
    trust(programs["certutil"], home, hostile.home / "api-ca.pem")
    with start(programs, home) as browser:
        panel = Panel(browser, f"https://localhost:{hostile.port}/panel/", None)
        panel.log_in(PASSWORD)
        yield panel


def of(site: Site, group: str) -> dict[str, str]:
    return {kind: path for kind, path in site.pages.items() if group_of(kind) == group}


def group_of(kind: str) -> str:
    """Return how an address begins: its first step, of the configuration the first two."""
    steps = kind.partition("?")[0].split("/")
    return "/".join(steps[: 2 if steps[0] == "configuration" else 1])


def problems(panel: Panel, pages: dict[str, str], widths: tuple[int, ...], themes: tuple[str, ...]) -> list[str]:
    """Look at pages in every width and theme; return what is wrong, with where."""
    found: list[str] = []
    for kind, path in pages.items():
        for theme in themes:
            dress(panel.browser, theme)
            for width in widths:
                resize(panel.browser, width)
                panel.open(path)
                where = f"{kind or 'overview'} at {width}, {theme}: "
                assert is_dark(panel.browser) == (theme == "dark"), where
                wrong = [*panel.browser.execute_script(OVERLAPS), *panel.browser.execute_script(EVIL)]
                if width == widths[0]:
                    wrong += [one for one in axe(panel.browser) if one.partition(" ")[0] not in OF_UNFOLD]
                found += [where + str(one) for one in (*wrong, *panel.complaints())]
    return found


def test_every_page_belongs_to_a_group_that_is_looked_at(site: Site) -> None:
    assert {group_of(kind) for kind in site.pages} == set(GROUPS)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group or "overview")
def test_a_page_is_whole_for_everybody_and_nothing_of_a_stranger_runs(group: str, site: Site, looking: Panel) -> None:
    assert problems(looking, of(site, group), (1280, 400), ("light",)) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_page_is_whole_in_both_themes_and_widths(site: Site, looking: Panel) -> None:
    wrong: list[str] = []
    for widths in ((1280,), (400,)):
        wrong += problems(looking, site.pages, widths, ("light", "dark"))
    assert wrong == []


def test_what_is_wrong_would_be_found(looking: Panel) -> None:
    resize(looking.browser, 1280)
    looking.open("about/")
    looking.browser.execute_script(
        "const put = (kind, style, text) => { const made = document.createElement(kind); made.textContent = text;"
        " made.style.cssText = 'position: absolute;' + style;"
        " document.querySelector('#content').append(made); return made; };"
        "put('p', 'left: 900px; top: 400px', 'a text that lies over another');"
        "put('p', 'left: 500px; top: 600px; color: #eee; background: #fff', 'pale');"
        "put('p', 'left: 600px; top: 700px; width: 2000px', 'wide'); put('p', 'left: 400px; top: 800px', '49');"
        "put('p', 'left: 400px; top: 850px', 'x').setAttribute('x-init', 'evil');"
    )
    said = "\n".join(str(one) for one in looking.browser.execute_script(OVERLAPS))
    assert "over P 'a text that lies over another'" in said
    assert "wider than the window" in said
    assert any(one.startswith("color-contrast ") for one in axe(looking.browser))
    said = "\n".join(str(one) for one in looking.browser.execute_script(EVIL))
    assert "a template of a stranger was filled in" in said
    assert "a stranger's element" in said


def test_few_faults_are_put_down_to_unfold() -> None:
    assert len(OF_UNFOLD) <= 10
