"""The gate: the external port. Who comes in is verified here, before anything happens inside or OFTP2 begins."""

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cryptography import x509

from seon import addresses
from seon.admission.identity import NOBODY, Identity
from seon.admission.partners import Refused
from seon.config import Limits, ServerPartner
from seon.daemon.quieter import Quieter
from seon.daemon.session_events import Report
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import accepting, peer_certificate
from seon.net.listen import accept_forever, open_listener
from seon.net.stream import AsyncTls
from seon.server.in_force import EMPTY, InForce

RETRY_SECONDS = 5.0
HELLO_SECONDS = 3.0
"""From accept to a whole ClientHello: who says nothing holds a slot no longer than that."""
ENFORCED = "TLS 1.2 or higher with forward secrecy, client certificates pinned per partner, no session resumption"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A partner whose certificate was verified, on a connection that has carried no OFTP2 octet yet."""

    tls: AsyncTls
    partner: ServerPartner
    identity: Identity
    source: str


class Gate:
    """Listens while it is told to. `enter` takes over each admitted partner and owns its connection from then on."""

    def __init__(self, report: Report, enter: Callable[[Admitted], Awaitable[None]]) -> None:
        self._report = report
        self._enter = enter
        self._in_force = EMPTY
        self._listening: asyncio.Task[None] | None = None
        self._where: tuple[str, int, int] | None = None
        self._by_source: Counter[str] = Counter()
        self._entering: set[asyncio.Task[None]] = set()
        self._refused = Quieter(report).refused

    async def open(self, in_force: InForce) -> None:
        """Let partners in by this configuration; a port that is to be another is closed and opened anew."""
        self._in_force = in_force
        configuration = in_force.configuration
        where = (configuration.external_address, configuration.external_port, configuration.limits.handshakes)
        if not in_force.gate:
            await self.close(f"the configuration has not got {in_force.missing()}")
        elif self._listening is None or where != self._where:
            await self.close("its settings have changed")
            self._where = where
            self._listening = asyncio.create_task(self._listen(*where))

    async def close(self, reason: str) -> None:
        """Close the port; connections that are not admitted yet are dropped."""
        task, self._listening = self._listening, None
        if task is None:
            return
        ending = [task, *self._entering]
        for job in ending:
            job.cancel()
        await asyncio.wait(ending)
        self._report("SRV-CLOSED", reason=reason)

    async def _listen(self, address: str, port: int, handshakes: int) -> None:
        listener = await self._open_port(address, port)
        with listener:
            self._report("SRV-OPEN", address=addresses.shown(address or "*", port), enforced=ENFORCED)
            await accept_forever(listener, asyncio.Semaphore(handshakes), self._serve)

    async def _open_port(self, address: str, port: int) -> socket.socket:
        """Open the port; as long as it is taken, say so once and try again."""
        said = False
        while True:
            try:
                return open_listener(address, port)
            except OSError as error:
                if not said:
                    self._report("SRV-PORT", address=addresses.shown(address or "*", port), reason=str(error.strerror))
                said = True
                await asyncio.sleep(RETRY_SECONDS)

    async def _serve(self, sock: socket.socket, source: str, port: int) -> None:
        limits, group = self._in_force.configuration.limits, addresses.neighbourhood(source)
        if self._by_source[group] >= limits.handshakes_per_source:
            limit = f"the limit of {limits.handshakes_per_source} handshakes of one source"
            self._refused(source, "ADM-LIMIT", source=source, limit=limit)
            return
        self._by_source[group] += 1
        try:
            admitted = await self._admit(sock, source, port, limits)
        finally:
            self._by_source[group] -= 1
            if not self._by_source[group]:
                del self._by_source[group]
        if admitted:  # its slot is free again: what is slow inside must not keep strangers and partners waiting here
            admitted.tls.keep()
            entering = asyncio.create_task(self._bring_in(admitted))
            self._entering.add(entering)
            entering.add_done_callback(self._entering.discard)

    async def _bring_in(self, admitted: Admitted) -> None:
        try:
            await self._enter(admitted)
        finally:
            admitted.tls.close()

    async def _admit(self, sock: socket.socket, address: str, port: int, limits: Limits) -> Admitted | None:
        in_force, source = self._in_force, addresses.shown(address, port)
        assert in_force.gate is not None
        tls = AsyncTls(sock, accepting(in_force.gate.context))
        try:
            async with asyncio.timeout(limits.handshake_seconds):
                await tls.handshake(HELLO_SECONDS)
        except TimeoutError:
            self._refused(address, "ADM-TLS", source=source, reason="the handshake took too long")
        except (TlsError, EndOfStream, OSError) as error:
            self._refused_in_handshake(tls, address, source, in_force, error)
            await tls.end()
        else:
            return await self._decide(tls, address, source, in_force)
        return None

    async def _decide(self, tls: AsyncTls, address: str, source: str, in_force: InForce) -> Admitted | None:
        """Decide again after the handshake: what a callback has let through counts only if it holds now."""
        certificate = peer_certificate(tls.channel.connection)
        if certificate is None:
            self._refused(address, "ADM-REFUSED", source=source, reason="no certificate was shown", **NOBODY)
            await tls.end()
            return None
        identity, partner = in_force.admit(certificate)
        if isinstance(partner, Refused):
            self._refused(address, "ADM-REFUSED", source=source, reason=partner.reason, **identity.as_fields())
            await tls.end()
            return None
        return Admitted(tls, partner, identity, source)

    def _refused_in_handshake(
        self, tls: AsyncTls, address: str, source: str, in_force: InForce, error: Exception
    ) -> None:
        shown = tls.channel.connection.get_app_data()
        if not isinstance(shown, x509.Certificate):
            self._refused(address, "ADM-TLS", source=source, reason=str(error))
            return
        identity, partner = in_force.admit(shown)
        reason = partner.reason if isinstance(partner, Refused) else "admission changed during the handshake"
        self._refused(address, "ADM-REFUSED", source=source, reason=reason, **identity.as_fields())
