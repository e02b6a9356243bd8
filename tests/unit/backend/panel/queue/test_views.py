"""Queue: the time slice, how long the journal is kept, and what the queue daemon does."""

from page_forms import Pages

from seon.backend.configuration.models import Settings
from seon.backend.queue.jobs import JOBS

PAGE = "/panel/configuration/queue/"


def test_the_time_slice_is_set_under_its_name_and_every_job_is_said() -> None:
    pages = Pages()
    page = pages.open(PAGE)
    assert "Seon send queue time slice" in page
    assert all(job.name in page for job in JOBS)
    assert "Saved." in pages.send(PAGE, "slice", queue_seconds="5")
    assert Settings.load().queue_seconds == 5
    assert "from 1 to 3600" in pages.send(PAGE, "slice", queue_seconds="0")


def test_days_of_one_severity_are_set_and_taken_back() -> None:
    pages = Pages()
    pages.send(PAGE, "days", journal_days="30", journal_days_debug="2")
    assert (Settings.load().days_of(10), Settings.load().days_of(20)) == (2, 30)
    pages.send(PAGE, "days", journal_days_debug="")
    assert Settings.load().journal_days_debug is None


def test_who_may_not_configure_sees_no_form() -> None:
    assert not Pages("operator").forms(PAGE)
