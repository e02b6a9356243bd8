"""The control links of the server: one for each client, and which of them carries the events inside."""

import asyncio
import time
from collections.abc import Callable

from seon.endings import SessionEnd
from seon.events import Event
from seon.link import messages as m
from seon.process.events import Report
from seon.process.outbox import Outbox
from seon.server.control import ControlLink
from seon.wording import fill

FORMER_SECONDS = 60.0
"""Session processes that were forked right before a renewal come with the certificate before it."""
LAST_EVENTS_SECONDS = 5.0
"""How long an end waits until its events have been taken over (mission A4)."""


class Links:
    """The links that stand, and the events that wait for one of them."""

    def __init__(self, report: Report, changed: Callable[[], None]) -> None:
        self.outbox = Outbox()
        self._report = report
        self._changed = changed
        """Called when there is a link more or less."""
        self._by_client: dict[str, ControlLink] = {}
        self._former: dict[str, tuple[str, float]] = {}
        """The certificate that a client has replaced last, whose it was, and until when it counts."""
        self._carrier: ControlLink | None = None

    def __len__(self) -> int:
        return len(self._by_client)

    @property
    def takes_sessions(self) -> bool:
        """Whether some client takes sessions."""
        return any(_takes(link) for link in self._by_client.values())

    @property
    def drained(self) -> bool:
        """Whether each client that stays lets no session begin."""
        staying = [link for link in self._by_client.values() if not link.leaving]
        return bool(staying) and not any(map(_takes, staying))

    # --- coming and going -------------------------------------------------------------------------------------------

    def add(self, link: ControlLink) -> None:
        """A client's link stands; it takes the place of an older one of the same client."""
        old = self._by_client.pop(link.client, None)
        if old:
            old.end_now()
            self._former = {old.key: (link.client, time.monotonic() + FORMER_SECONDS)}
        self._by_client[link.client] = link
        self._hand_over(old, link)
        self._report("LNK-UP", client=link.client, source=link.caller.source)
        link.wake.set()
        self._changed()

    def leave(self, link: ControlLink) -> None:
        """A client takes no more sessions; those that run go on."""
        link.leaving = True
        self._changed()

    def drain(self, link: ControlLink, *, on: bool) -> None:
        """A client lets no session begin, or lets them begin again; those that run go on."""
        link.draining = on
        self._changed()

    def remove(self, link: ControlLink, reason: str) -> None:
        """A link has ended, whether it ever stood or not."""
        if not link.client:  # it ended before or at Hello: another version, say
            self._report("LNK-REFUSED", source=link.caller.source, target=link.caller.target, reason=reason)
        if self._by_client.get(link.client) is not link:
            return
        del self._by_client[link.client]
        self._hand_over(link, next(iter(self._by_client.values()), None))
        self._report("LNK-DOWN", reason=reason)
        self._changed()

    async def bye(self, reason: str) -> None:
        """End all links in order, once the client has taken the last events, or after 5 s."""
        until = time.monotonic() + LAST_EVENTS_SECONDS
        while self._by_client and len(self.outbox) and time.monotonic() < until:
            await asyncio.sleep(0.05)
        for link in list(self._by_client.values()):
            await link.bye(reason)

    def state(self) -> list[str]:
        """Return lines about the links and what waits for one."""
        links = [
            f"Link of client {link.client} from {link.caller.source}, protocol {link.protocol}"
            + (", takes no more sessions" if link.leaving else ", drained" if link.draining else "")
            for link in self._by_client.values()
        ]
        waiting = fill("{count:# event|# events|No event} waiting for the inside", {"count": len(self.outbox)})
        return [*(links or ["No client is linked"]), waiting]

    # --- which one --------------------------------------------------------------------------------------------------

    def next(self) -> ControlLink | None:
        """Return the link for the next session: they take turns."""
        link = next(filter(_takes, self._by_client.values()), None)
        if link:
            self._by_client[link.client] = self._by_client.pop(link.client)
        return link

    def client_of(self, key: str) -> str:
        """Return the client whose control link has this certificate, or had it a moment ago; "" if there is none."""
        client = next((link.client for link in self._by_client.values() if link.key == key), "")
        former, until = self._former.get(key, ("", 0.0))
        return client or (former if former in self._by_client and time.monotonic() < until else "")

    def protocol(self, key: str) -> int:
        """Return what was agreed with a client; for a link that has ended, what every client speaks."""
        link = self._by_client.get(self.client_of(key))
        return link.protocol if link else m.OLDEST_PROTOCOL

    def refuse(self, barred: Callable[[str], str]) -> None:
        """End the links of clients that may not be linked any more."""
        for link in self._by_client.values():
            if why := barred(link.mark):
                link.refuse(why)

    def look_for_blobs(self) -> None:
        """There may be blobs to ask for."""
        for link in self._by_client.values():
            link.look_for_blobs()

    def look_for_crls(self) -> None:
        """There may be distribution points to say."""
        for link in self._by_client.values():
            link.look_for_crls()

    def tell(self, client: str, session: str, end: SessionEnd) -> None:
        """Tell a client what ends a session of its."""
        if link := self._by_client.get(client):
            link.say_ending(m.SessionEnding.of(session, end))

    def say_state(self, state: m.ServerState) -> None:
        """Tell all clients how the server is."""
        for link in self._by_client.values():
            link.say_state(state)

    def say_refused(self, message: m.CertificateRefused) -> bool:
        """Tell the inside of a refused certificate; False if nobody can take it now."""
        return bool(self._carrier and self._carrier.say_refused(message))

    # --- events -----------------------------------------------------------------------------------------------------

    def keep(self, event: Event) -> None:
        """Keep an event until the inside has it."""
        self.outbox.add(event)
        if self._carrier:
            self._carrier.wake.set()

    def carries_events(self, link: ControlLink) -> bool:
        """Whether this link is the one that takes the events inside."""
        return link is self._carrier

    def has_room(self) -> None:
        """Some events have been taken over: say now how many there was no room for."""
        lost, self.outbox.dropped = self.outbox.dropped, 0
        if lost:
            self._report("SRV-LOST", count=lost)

    def _hand_over(self, before: ControlLink | None, after: ControlLink | None) -> None:
        """Let another link carry the events, if `before` was the one that did."""
        if self._carrier is before:
            self._carrier = after
            if after:
                after.wake.set()


def _takes(link: ControlLink) -> bool:
    """Whether sessions may begin over a link."""
    return not (link.leaving or link.draining)
