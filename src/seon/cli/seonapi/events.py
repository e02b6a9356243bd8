"""`seonapi events`: the service that runs the event script; and the same in a thread of `seonapi queue`."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator

import click

from seon.backend.home import Home
from seon.cli.seonapi.base import (
    clear_errors,
    home_option,
    level_option,
    open_for_daemon,
    pid_file,
    replace_stale_pid_option,
    say_ready,
)

END_SECONDS = 15.0
"""What the thread is given to end; its scripts are given less."""


@click.command()
@home_option
@level_option
@replace_stale_pid_option
@clear_errors
def events(home: str | None, level: str | None, replace_stale_pid: bool) -> None:
    """Run the event script. `seonapi queue` does it, too, unless started with --no-events.

    SIGHUP opens the log file anew. Signals 20, 21, 22, 23 and 24 set its level to TRACE, DEBUG, INFO, ERROR and FATAL.
    """
    place = open_for_daemon(home, "events", level)
    from seon.backend.apilog.following import follow
    from seon.backend.logs import write_api_log_too
    from seon.backend.queue.daemon import Signals
    from seon.backend.queue.locks import EVENTS, lock_of
    from seon.backend.script.service import Service

    write_api_log_too(place.log_directory)
    with pid_file(place, "seonapi_events.pid", replace_stale=replace_stale_pid):
        follow(level_given=level is not None)
        signals = Signals()
        service = Service(place.path, lock_of(EVENTS))
        say_ready("ready")
        service.run(lambda: signals.ending, signals.act)


@contextlib.contextmanager
def events_beside(place: Home) -> Iterator[Callable[[str], None]]:
    """Give what a daemon calls to say that it is ready: from then on the service works in a thread beside it.

    The thread begins no earlier, since what it starts takes over which signals
    are blocked, and until then the daemon blocks some.
    """
    from seon.backend.queue.locks import EVENTS, lock_of
    from seon.backend.script.service import Service

    ending = threading.Event()
    work = functools.partial(Service(place.path, lock_of(EVENTS)).run, ending.is_set)
    thread = threading.Thread(target=work, name="events", daemon=True)

    def ready(text: str) -> None:
        thread.start()
        say_ready(text)

    try:
        yield ready
    finally:
        ending.set()
        if thread.is_alive():
            thread.join(END_SECONDS)
