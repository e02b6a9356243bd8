"""The event script, and the service that runs it."""

from collections.abc import Iterator

from seon.backend.checking.findings import Check, Found, error
from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.queue.lists import events_service
from seon.backend.queue.locks import EVENTS, active
from seon.backend.script.models import LostRuns, ScriptSettings
from seon.backend.script.path import check_script


def _script(home: Home) -> Iterator[Found]:
    path = ScriptSettings.load().path
    if not path:
        return
    where = f"event script {path}"
    try:
        check_script(path, home.path)
    except OperatorError as trouble:
        advice = "mend that, and the runs that wait begin; or choose another one: seonapi script set PATH"
        yield error(f"the event script cannot be run: {trouble}", where, advice)
    lost = LostRuns.objects.filter(number__gt=0).values_list("number", flat=True).first()
    if lost:
        advice = "see whether the script hangs: seonapi script queue; let more of them run at once: seonapi script set"
        yield error(f"the queue of the event script is full: {lost} events had no run", where, advice)


def _service(_: Home) -> Iterator[Found]:
    if not ScriptSettings.load().path:
        return  # there is nothing that it would have to do
    start = "start it: seonapi events, or seonapi queue without --no-events, or the service seonapi-events"
    service = events_service()
    if service.seen_at is None:
        yield error("no events service has ever run: no event starts the event script", "seonapi events", start)
    elif service.away:
        since = f"{service.seen_at:%Y-%m-%d %H:%M:%S} UTC"
        yield error(f"the events service has done nothing since {since}", active(EVENTS), start)


SCRIPT = (
    Check("event-script", "the event script can be run", _script),
    Check("events-service", "the events service runs", _service),
)
