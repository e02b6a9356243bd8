"""Each module of src/seon has a test file that mirrors it, or stands here with the tests that take its place."""

from pathlib import Path

import pytest

import seon

SOURCE = Path(seon.__file__).parent
TESTS = Path(__file__).parents[1]

SEONAPI = "functional/test_seonapi_https.py"
PANEL = "browser/test_panel_in_chromium.py"
CHECK = "functional/test_check_names_each_fault.py"
QUICKSTART = "functional/test_quickstart.py"

DECLARATIONS = {
    "backend/*/apps.py": "a name and a label, read by Django",
    "backend/*/models.py": "fields and bounds, used by every test of the app around them",
    "backend/errors.py": "one exception",
    "backend/urls.py": "a table of addresses",
    "backend/panel/urls.py": "a table of page groups",
    "backend/panel/*/urls.py": "a table of addresses",
    "backend/api/urls.py": "a table of addresses",
    "backend/settings.py": "read by Django at every test of the backend",
    "backend/formats/*/formats.py": "formats of dates, read by Django",
    "cli/seonapi/*.py": "commands that call an act each; unit/backend/test_seonapi_commands.py runs them",
    "daemon/writing/settings.py": "dataclasses; what they hold is checked by the reader",
    "oftp2/commands.py": "dataclasses; what they hold is checked by the codec",
    "oftp2/happenings.py": "dataclasses; who makes them is tested",
    "oftp2/errors.py": "exceptions; who raises them is tested",
    "override.py": "one decorator, for mypy and ruff",
}
"""Modules that only declare: patterns, with the reason."""

ELSEWHERE = {
    "backend/acting/rights.py": "unit/backend/acting/test_roles.py",
    "backend/https_server.py": "functional/test_hosts_are_added_and_removed.py",
    "backend/checking/database.py": CHECK,
    "backend/checking/files.py": CHECK,
    "backend/checking/installation.py": CHECK,
    "backend/checking/script.py": CHECK,
    "backend/checking/services.py": CHECK,
    "backend/checking/trust.py": CHECK,
    "backend/trust/authorities.py": "unit/backend/test_installation.py",
    "backend/loading.py": "unit/backend/conftest.py",
    "backend/journal/sessions.py": "unit/backend/journal/test_recording.py",
    "backend/panel/asking.py": "unit/backend/panel/test_pages.py",
    "backend/panel/headers.py": PANEL,
    "backend/panel/kept.py": "unit/backend/panel/test_confirming.py",
    "backend/panel/navigation.py": PANEL,
    "backend/panel/searching.py": "unit/backend/panel/files/test_views.py",
    "backend/panel/sessions/acting.py": "unit/backend/panel/sessions/test_views.py",
    "backend/panel/static.py": PANEL,
    "cli/quickstart/command.py": QUICKSTART,
    "cli/quickstart/transfers.py": QUICKSTART,
    "oftp2/notices.py": "unit/oftp2/test_station.py",
    "pki/making.py": "unit/pki/test_facts.py",
    "pki/reading.py": "unit/pki/test_facts.py",
    "pki/values.py": "unit/pki/test_facts.py",
    "process/levels.py": "unit/process/test_signals.py",
    "session/failing.py": "unit/session/test_inside.py",
    "session/keys.py": "functional/test_session_process_holds_no_secret.py",
    "session/start.py": "unit/session/test_inside.py",
    "station/taker.py": "unit/station/test_session.py",
}
"""Modules that are tested through what uses them, and where. To give one a test of its own, take it out of here."""


def modules() -> list[Path]:
    """Return our modules, relative to the package; migrations are made by Django."""
    found = [path.relative_to(SOURCE) for path in SOURCE.rglob("*.py")]
    return sorted(path for path in found if path.name != "__init__.py" and "migrations" not in path.parts)


def mirror_of(module: Path) -> Path:
    return TESTS / "unit" / module.parent / f"test_{module.name}"


def is_declaration(module: Path) -> bool:
    return any(module.match(pattern) for pattern in DECLARATIONS)


@pytest.mark.parametrize("module", modules(), ids=str)
def test_a_module_has_a_test_that_mirrors_it(module) -> None:
    assert mirror_of(module).exists() or is_declaration(module) or str(module) in ELSEWHERE


@pytest.mark.parametrize(("module", "place"), ELSEWHERE.items())
def test_an_exception_names_a_module_and_a_test_that_are_there(module, place) -> None:
    assert (SOURCE / module).exists()
    assert (TESTS / place).exists()
    assert not mirror_of(Path(module)).exists(), "it has got a test of its own"


@pytest.mark.parametrize("pattern", DECLARATIONS)
def test_a_pattern_matches_something(pattern) -> None:
    assert any(module.match(pattern) for module in modules())


def test_a_test_file_mirrors_a_module_that_is_there() -> None:
    """A module that was moved takes its test with it."""
    orphans = []
    for path in (TESTS / "unit").rglob("test_*.py"):
        relative = path.relative_to(TESTS / "unit")
        module = SOURCE / relative.parent / relative.name.removeprefix("test_")
        if not module.exists() and str(relative) not in OF_THE_WHOLE:
            orphans.append(str(relative))
    assert orphans == []


OF_THE_WHOLE = {
    "test_every_module_has_a_test.py",
    "test_documentation.py",
    "test_no_import_circle.py",
    "backend/test_certificate_commands.py",
    "backend/test_certificates_as_people_have_them.py",
    "backend/test_seonapi_commands.py",
    "backend/test_seonapi_partner_files.py",
    "backend/test_seonapi_proxies.py",
    "backend/test_seonapi_user.py",
    "backend/test_settings_and_session_commands.py",
    "backend/test_logs.py",
    "backend/anchors/test_commands.py",
    "backend/panel/test_roles_and_wrong_input.py",
    "backend/panel/test_texts.py",
    "backend/journal/test_commands.py",
    "backend/live/test_commands.py",
    "backend/revocation/test_commands.py",
    "daemon/test_children_line.py",
    "client/test_client_orders.py",
    "daemon/test_session_table_ends.py",
    "daemon/test_session_table_seen.py",
    "link/test_protocol_numbers.py",
    "link/test_recorded_messages.py",
    "net/test_context_afresh.py",
    "net/test_context_strangers.py",
    "oftp2/test_recorded_sessions.py",
    "oftp2/test_station_authentication.py",
    "oftp2/test_station_faults.py",
    "server/test_server_drained.py",
    "server/test_server_ends.py",
    "server/test_server_lists.py",
    "server/test_server_trust.py",
}
"""Tests of more than one module, and the further files of one whose tests would be too long for one file."""
