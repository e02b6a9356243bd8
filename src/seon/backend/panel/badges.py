"""States of what has an end, in the words and colours of the panel."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seon.backend.revocation import lists as revocation
from seon.backend.trust import lists as trust

_GOOD, _WARN, _BAD, _INFO, _IDLE = "s-good", "s-warn", "s-bad", "s-info", ""


@dataclass(frozen=True, slots=True)
class Badge:
    """A state as a page shows it."""

    words: str | Promise
    tone: str
    """A class of the stylesheet; the words alone say the state, too."""


_BADGES = {
    trust.IN_FORCE: Badge(_("in force"), _GOOD),
    trust.ENDS_SOON: Badge(_("ends soon"), _WARN),
    trust.ENDED: Badge(_("ended"), _BAD),
    trust.WITHDRAWN: Badge(_("withdrawn"), _IDLE),
    trust.EXPIRED: Badge(_("expired"), _BAD),
    trust.NEVER_USED: Badge(_("never used"), _WARN),
    trust.IN_USE: Badge(_("in use"), _GOOD),
    trust.IN_USE_EXPIRED: Badge(_("in use, expired"), _BAD),
    trust.PLANNED: Badge(_("planned"), _INFO),
    trust.STORED: Badge(_("stored"), _IDLE),
    revocation.OVERDUE: Badge(_("overdue"), _BAD),
    revocation.FAILED: Badge(_("failed"), _BAD),
    revocation.UNSUPPORTED: Badge(_("not supported"), _WARN),
    revocation.NEW: Badge(_("not fetched yet"), _IDLE),
    revocation.IN_TROUBLE: Badge(_("in force, not renewed"), _WARN),
}


def badge(state: str) -> Badge:
    """Return how a state is shown."""
    return _BADGES[state]


@dataclass(frozen=True, slots=True)
class Left:
    """How long something is still valid, for a bar."""

    days: int
    """Whole days to its end; 0 on the last one, less than 0 after it."""
    part: int
    """Of its whole time, in percent."""
    tone: str


def left(begins: datetime, ends: datetime, now: datetime) -> Left:
    """Return how long something is valid after `now`, that was or will be valid from `begins` to `ends`."""
    whole, rest = (ends - begins).total_seconds(), (ends - now).total_seconds()
    part = max(0, min(100, int(100 * rest / whole))) if whole > 0 else 0
    days = (ends - now).days
    return Left(days, part, _GOOD if ends > now + trust.SOON else _WARN if ends > now else _BAD)
