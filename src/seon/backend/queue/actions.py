"""What an administrator can do with the queue daemon."""

from seon.backend.acting import audit
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.queue.jobs import work_named
from seon.backend.queue.models import Job


@act("queue.run", Right.QUEUE)
def run_job(_: Actor, name: str) -> Job:
    """Have a job of the queue daemon done now.

    The active daemon does it within `daemon.ASK_SECONDS` and the time of the job before it: an act is one transaction,
    and a job may be none. Raises OperatorError if there is no such job.
    """
    work = work_named(name)
    row, _is_new = Job.objects.select_for_update().get_or_create(name=work.name)
    row.asked_for = True
    row.save(update_fields=["asked_for"])
    audit.note(f"job {work.name}", "to be done now")
    return row
