"""A session that runs says more or less from the moment on in which a signal or the log settings want it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.harness import Site, open_site
from functional.peers import HeldTransfer
from functional.processes import eventually, kill

SIDES = ("server", "client")
TRACE, INFO = 20, 22
"""The signals."""
DATA, EFID = "partner -> station: DATA ", "partner -> station: EFID 3,000,000 octets"


def set_level(site: Site, side: str, level: str) -> None:
    """Replace the settings file as an editor does, in one step; the program looks at it every second."""
    path = site.layout.root / side / f"seon_proxy{side}.logrc"
    new = path.with_name("new")
    config = '<config><reread>1</reread><debug level="1"/></config>'
    new.write_text(
        f'<log4c>{config}<category name="root" priority="{level}" appender="seon_appender"/>'
        f'<category name="session" priority="{level}"/></log4c>'
    )
    new.replace(path)


@pytest.fixture(scope="module")
def at_info(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose programs run at INFO and read their settings again when these change."""
    made = open_site(golden, tmp_path_factory.mktemp("at_info") / "run")
    for side in SIDES:
        set_level(made, side, "info")
    try:
        yield made.start()
    finally:
        made.close()


def one_session(site: Site, side: str) -> int:
    return site.the_session(side).pid


def said(site: Site, side: str, pid: int) -> list[str]:
    return re.findall(rf" TRACE +{pid} \[\w+\] (.*)", site.log(side))


def finished(site: Site, transfer: HeldTransfer) -> None:
    transfer.finish()
    assert len(transfer.receipts) == 1
    for side in SIDES:
        site.gone(f"seon_proxy{side}2: session")


@pytest.mark.parametrize("side", SIDES)
def test_signalled_to_trace_in_mid_file_it_says_each_command_from_there_on(at_info: Site, side: str) -> None:
    with HeldTransfer(at_info) as transfer:
        pid = one_session(at_info, side)
        kill(pid, TRACE)
        eventually(lambda: f"{pid} Log level set to TRACE" in at_info.log(side))
        assert said(at_info, side, pid) == []
        finished(at_info, transfer)
    first, second, *_ = said(at_info, side, pid)
    assert first.startswith(DATA)
    assert second.startswith(EFID)


@pytest.mark.parametrize("side", SIDES)
def test_signalled_to_trace_and_back_to_info_it_says_nothing_more(at_info: Site, side: str) -> None:
    with HeldTransfer(at_info) as transfer:
        pid = one_session(at_info, side)
        for number, name in ((TRACE, "TRACE"), (INFO, "INFO")):
            kill(pid, number)
            eventually(lambda name=name: f"{pid} Log level set to {name}" in at_info.log(side))
        finished(at_info, transfer)
    assert said(at_info, side, pid) == []


@pytest.mark.parametrize("side", SIDES)
def test_changed_settings_of_its_main_count_in_mid_file_too(at_info: Site, side: str) -> None:
    with HeldTransfer(at_info) as transfer:
        pid = one_session(at_info, side)
        set_level(at_info, side, "trace")
        eventually(lambda: "Category session: TRACE and worse" in at_info.log(side))
        finished(at_info, transfer)
    assert [text for text in said(at_info, side, pid) if text.startswith(EFID)]
    set_level(at_info, side, "info")
    eventually(lambda: at_info.log(side).rindex("Category session: INFO") > at_info.log(side).rindex("session: TRACE"))
