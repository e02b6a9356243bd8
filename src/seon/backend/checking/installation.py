"""All checks, in their order: what one needs was looked at before it."""

from collections.abc import Iterator

from seon.backend.checking.files import FILES, HOME, HTTPS, MASTER_KEY
from seon.backend.checking.findings import Finding, Level, run
from seon.backend.home import Home
from seon.backend.loading import load_django

STATUS = {Level.ERROR: 2, Level.WARNING: 1}
"""Exit statuses, as monitoring systems count them (Nagios, Icinga); 0: nothing was found."""
_NEEDED = {HOME.name, MASTER_KEY.name, HTTPS.name}
_REST = "the database, and what is in it, could not be looked at"


def check_installation(home: Home) -> Iterator[Finding]:
    """Yield what is wrong. What cannot be looked at because of that is left out, and said to be."""
    found = list(run(FILES, home))
    yield from found
    if any(one.check in _NEEDED and one.level is Level.ERROR and not home.https_certificate.exists() for one in found):
        return  # there is nothing else to look at
    try:
        load_django()
    except Exception as trouble:  # the settings meet broken files, whatever they are
        yield Finding(Level.ERROR, "settings", f"{_REST}: {trouble}", "the environment", "mend that first")
        return
    yield from _in_database(home)


def check_loaded(home: Home) -> Iterator[Finding]:
    """Yield what is wrong with an installation whose Django is loaded already, as in Seonapi itself."""
    yield from run(FILES, home)
    yield from _in_database(home)


def _in_database(home: Home) -> Iterator[Finding]:
    # Models can be imported from here on.
    from seon.backend.checking.database import CONTENT, DATABASE  # noqa: PLC0415
    from seon.backend.checking.script import SCRIPT  # noqa: PLC0415
    from seon.backend.checking.services import SERVICES  # noqa: PLC0415
    from seon.backend.checking.trust import TRUST  # noqa: PLC0415

    broken = list(run(DATABASE, home))
    yield from broken
    if not broken:
        yield from run((*CONTENT, *TRUST, *SERVICES, *SCRIPT), home)


def status_of(findings: list[Finding]) -> int:
    """Return the exit status: 0 for nothing, 1 for warnings only, 2 for an error."""
    return max((STATUS[finding.level] for finding in findings), default=0)
