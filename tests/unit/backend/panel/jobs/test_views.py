"""Background jobs: how each went, who works, and what may be done by whom."""

import pytest
from django.utils import timezone
from panel_clients import ROLES, logged_in, seen, sent

from seon.backend.queue.jobs import JOBS
from seon.backend.queue.locks import QUEUE, became_active
from seon.backend.queue.models import Job
from seon.backend.script.models import RunState, ScriptRun, ScriptSettings

PAGE = "/panel/jobs/"


def failed_run(**more: object) -> ScriptRun:
    return ScriptRun.objects.create(
        hop="inside", event_id="e-1", severity=50, code="SRV-PORT", message="<script>alert(1)</script>",
        time=timezone.now(), state=RunState.FAILED, ended_at=timezone.now(), result="it ended with status 3",
        output="{{ 7 }} <b>x", **more,
    )  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_everybody_sees_each_job_with_its_result(role: str) -> None:
    Job.objects.create(name="crls", last_run=timezone.now(), duration=1.25, ok=False, result="the network is away")
    page = seen(logged_in(role), PAGE)
    for work in JOBS:
        assert work.name in page
    assert "the network is away" in page
    assert "1.250 s" in page
    assert ("Run now" in page) == (role == "administrator")


def test_that_no_daemon_runs_is_said_with_the_command_that_starts_one() -> None:
    client = logged_in("auditor")
    page = seen(client, PAGE)
    assert "has never run" in page
    assert "seonapi queue" in page
    became_active(QUEUE)
    part = seen(client, f"{PAGE}?part=jobs")
    assert "<html" not in part
    assert "has never run" not in part
    assert "last sign" in part


def test_a_job_is_asked_for_and_who_is_away_is_said() -> None:
    client = logged_in("administrator")
    assert "The queue daemon is away" in sent(client, PAGE, {"do": "run", "job": "crls"})
    assert Job.objects.get(name="crls").asked_for
    became_active(QUEUE)
    assert "The queue daemon does the job crls next." in sent(client, PAGE, {"do": "run", "job": "crls"})


def test_a_job_that_is_none_is_told_and_who_may_not_gets_nothing_done() -> None:
    assert "There is no job" in sent(logged_in("administrator"), PAGE, {"do": "run", "job": "\0" * 50})
    assert "may not do this" in sent(logged_in("operator"), PAGE, {"do": "run", "job": "crls"})
    assert not Job.objects.exists()


def test_a_run_that_failed_shows_its_output_as_text_and_can_be_run_again() -> None:
    ScriptSettings.objects.update_or_create(pk=1, defaults={"path": "/srv/alarm"})
    run = failed_run()
    client = logged_in("administrator")
    raw = client.get(PAGE, secure=True).content.decode()
    assert "&lt;script&gt;alert" in raw
    assert "<script>alert" not in raw
    assert "it ended with status 3" in raw
    assert "waits again" in sent(client, PAGE, {"do": "retry", "number": str(run.pk)})
    run.refresh_from_db()
    assert run.state == RunState.WAITING


@pytest.mark.parametrize("number", ["", "-1", "²", "9" * 40, "x"])
def test_a_number_that_is_none_is_a_bad_request(number: str) -> None:
    assert logged_in("administrator").post(PAGE, {"do": "retry", "number": number}, secure=True).status_code == 400


def test_runs_are_shown_by_their_state() -> None:
    failed_run()
    client = logged_in("auditor")
    assert "SRV-PORT" in seen(client, f"{PAGE}?runs=failed")
    assert "SRV-PORT" not in seen(client, f"{PAGE}?runs=done")
    assert "SRV-PORT" in seen(client, f"{PAGE}?runs=%00")
