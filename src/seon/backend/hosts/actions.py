"""What can be done with the names under which Seonapi answers.

A new certificate is issued each time; `seonapi serve` takes it up while it runs (backend/renewing.py).
"""

from collections.abc import Sequence

from seon.addresses import AddressError, read_host
from seon.backend.acting import audit
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.errors import OperatorError
from seon.backend.home import current_home
from seon.backend.https import LOOPBACK_NAMES
from seon.backend.installation import https_locked, renew_https

MOST_HOSTS = 200
"""Names and addresses in one certificate: each TLS handshake carries them all."""


@act("host.add", Right.CONFIGURE)
def add_hosts(_: Actor, names: Sequence[str]) -> list[str]:
    """Add names or addresses to the https certificate; returns all that are in it then.

    Raises OperatorError.
    """
    with https_locked(current_home()) as there:
        known = {name.lower() for name in there}
        wanted = [*there, *(name for name in dict.fromkeys(map(_read, names)) if name not in known)]
        if len(wanted) > MOST_HOSTS:
            raise OperatorError(f"The https certificate can have {MOST_HOSTS} names, not {len(wanted)}")
        _renew(there, wanted)
    return wanted


@act("host.remove", Right.CONFIGURE)
def remove_hosts(_: Actor, names: Sequence[str]) -> list[str]:
    """Take names or addresses out of the https certificate; returns those that stay.

    Raises OperatorError for loopback, which Seonapi needs itself, and for the last name that others can call.
    """
    gone = list(map(_read, names))
    with https_locked(current_home()) as there:
        for name in gone:
            if name in LOOPBACK_NAMES:
                raise OperatorError(f"{name} stays: programs on this host call Seonapi by it")
            if name not in map(str.lower, there):
                raise OperatorError(f"The https certificate is not for {name}; it is for {', '.join(there)}")
        stay = [name for name in there if name.lower() not in gone]
        if gone and not set(stay) - set(LOOPBACK_NAMES):
            raise OperatorError(
                f"No other host could call Seonapi without {', '.join(dict.fromkeys(gone))}: "
                "add another name first (seonapi host add NAME)"
            )
        _renew(there, stay)
    return stay


def _renew(there: Sequence[str], wanted: Sequence[str]) -> None:
    if list(wanted) == list(there):
        return
    audit.note_first("https certificate", f"names: {', '.join(there)} to {', '.join(wanted)}")
    renew_https(current_home(), wanted)


def _read(text: str) -> str:
    """Return a name in the one form in which names are compared."""
    try:
        return read_host(text).lower()
    except AddressError as error:
        raise OperatorError(str(error)) from None
