"""Traces of single sessions: switched on and off while the session runs, and forgotten when it has ended."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from seon.backend.configuration.models import TracedSession
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Session
from seon.backend.journal.sessions import session_named

LONGEST = timedelta(days=1)
"""How long a trace is wanted of a session whose end nobody has reported."""


def switch_trace(beginning: str, *, on: bool) -> str:
    """Switch the trace of a running session on or off; return the session's id. Raises OperatorError."""
    session = session_named(beginning, running=True)
    if not Session.objects.filter(session=session, ended_at=None).exists():
        raise OperatorError(f"No session that runs has the id {session!r}; see: seonapi session list")
    if not on:
        TracedSession.objects.filter(session=session).delete()
    elif not TracedSession.objects.filter(session=session).exists():
        try:
            TracedSession(session=session).save()
        except ValidationError as error:
            raise OperatorError(" ".join(error.messages)) from None
    return session


def forget_ended_traces() -> str:
    """Let no trace be wanted any more of sessions that have ended."""
    ended = Session.objects.filter(ended_at__isnull=False).values("session")
    over = TracedSession.objects.filter(session__in=ended) | TracedSession.objects.filter(
        since__lt=timezone.now() - LONGEST
    )
    names = list(over.values_list("pk", flat=True))
    if not names:
        return ""
    TracedSession.objects.filter(pk__in=names).delete()
    return f"{len(names)} traces of ended sessions no longer wanted"
