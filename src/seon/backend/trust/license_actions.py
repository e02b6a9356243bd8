"""The acts of licenses."""

from collections.abc import Callable

from django.utils import timezone

from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.trust.licenses import new_license
from seon.backend.trust.models import License


@act("license.issue", Right.TRUST)
def issue_license(by: Actor, proxy_id: str, days: int, draft: Callable[[str], None] = lambda _: None) -> License:
    """Issue a license for the server with this Proxy ID; those before stay in force until they end or are withdrawn.

    `draft` as `new_license` takes it. Raises OperatorError.
    """
    return new_license(proxy_id, days, str(by), draft)


@act("license.withdraw", Right.TRUST)
def withdraw_license(_: Actor, serial: str) -> License:
    """Withdraw a license: the link of a server that shows it ends within 5 s, and no new one is made.

    Raises OperatorError.
    """
    number = serial.strip().upper()
    take_turn()
    license_ = License.objects.select_related("server").filter(serial=number, withdrawn_at=None).first()
    if license_ is None:
        raise OperatorError(f"There is no license {serial[:60]!r} in force: `seonapi license list` shows their serials")
    license_.withdrawn_at = timezone.now()
    license_.save()
    return license_
