"""What can be done with the API log."""

from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.apilog.models import ApiLog
from seon.backend.apilog.places import check_place
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.home import current_home


@act("log.configure", Right.LOG, again=True)
def configure_log(_: Actor, *, path: str | None = None, level: str | None = None) -> ApiLog:
    """Choose the file or the level of the API log, in force within a second in every process; what is None stays.

    `path`: empty for log/seonapi.log in the home of each host. `level`: a name in `logs.LEVELS`, in any case.
    Raises OperatorError; all stays as it was then.
    """
    take_turn()  # two at once: the second one waits here
    row = ApiLog.load()
    if path is not None:
        if path:
            _check(path)
        row.path = path
    if level is not None:
        row.level = level.lower()
    row.revision += 1
    row.save()
    return row


def _check(path: str) -> None:
    try:
        check_place(path, current_home().path)
    except OperatorError as error:
        raise OperatorError(str(error), fields={"path": str(error)}) from None
