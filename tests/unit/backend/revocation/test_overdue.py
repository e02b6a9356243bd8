import sys
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

sys.path.insert(0, str(Path(__file__).parent))

from placing import CA, URL, came, place, settle, told

from crl_web import make_list
from seon.backend.checking.findings import Level, run
from seon.backend.checking.trust import TRUST
from seon.backend.configuration.models import Settings
from seon.backend.home import Home
from seon.backend.revocation.destinations import DownloadError
from seon.backend.revocation.models import HeldList
from seon.backend.revocation.overdue import overdue_lists, tell_overdue

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def in_force() -> None:
    settle(place(), came(make_list(CA, [1])))


def overdue() -> list[str]:
    return [text for text in told() if "too old" in text]


def test_a_list_past_its_next_update_is_told_once_with_what_that_does() -> None:
    in_force()
    tell_overdue()
    assert overdue() == []
    HeldList.objects.update(next_update=timezone.now() - HOUR)
    tell_overdue()
    tell_overdue()
    (text,) = overdue()
    assert text.startswith(f"Revocation list of CN=CA in force is too old, {URL}: the next one was due at ")
    assert "are let in, revoked or not, unless a partner has a rule of its own" in text
    HeldList.objects.update(next_update=timezone.now() + HOUR)
    tell_overdue()
    HeldList.objects.update(next_update=timezone.now() - HOUR)
    settings = Settings.load()
    settings.admission_revocation = "hard"
    settings.save()
    tell_overdue()
    assert "partners whose certificates it is for are refused" in overdue()[1]


def test_a_list_that_is_older_than_the_setting_allows_is_overdue_whatever_it_says_itself() -> None:
    in_force()
    HeldList.objects.update(this_update=timezone.now() - 16 * DAY, next_update=timezone.now() + 30 * DAY)
    tell_overdue()
    assert "longer ago than admission_crl_days" in overdue()[0]
    settings = Settings.load()
    settings.admission_crl_days = 20
    settings.save()
    assert list(overdue_lists(timezone.now())) == []


def test_the_check_of_the_installation_names_it(home: Home) -> None:
    in_force()
    checks = [check for check in TRUST if check.name == "revocation-lists"]
    assert list(run(checks, home)) == []
    HeldList.objects.update(next_update=timezone.now() - HOUR)
    (finding,) = run(checks, home)
    assert (finding.level, finding.where) == (Level.ERROR, f"revocation list of CN=CA, {URL}")
    assert "seonapi crl show" in finding.advice


def test_the_check_of_the_installation_names_what_is_not_to_be_had(home: Home) -> None:
    where = place()
    settle(where, DownloadError("the web server answers 404 Not Found"))
    (finding,) = run([check for check in TRUST if check.name == "revocation-lists"], home)
    assert (finding.level, finding.what) == (
        Level.WARNING, "it is not to be had: the web server answers 404 Not Found",
    )  # fmt: skip
    assert finding.advice == f"try it: seonapi crl fetch {where.pk}"
