"""A session that does not come about says why."""

from seon.session.assignment import Assignment
from seon.session.main_line import MainLine


def failed(main: MainLine, assignment: Assignment, error: Exception) -> str:
    """Report that the session did not come about; return why, in words."""
    reason = str(error) or "no answer in time"
    main.report("SES-FAILED", partner=assignment.partner, direction=assignment.direction, reason=reason)
    return reason
