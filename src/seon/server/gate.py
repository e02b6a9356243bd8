"""The gate: the external port. Who comes in is verified here, before anything happens inside or OFTP2 begins."""

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from seon import addresses
from seon.admission.codes import Refused, Verdict
from seon.admission.evidence import Evidence
from seon.admission.identity import NOBODY, as_fields
from seon.admission.revocation import RevocationLists
from seon.config import ServerPartner
from seon.daemon.detail import UNHEARD, Detail
from seon.daemon.quieter import Quieter
from seon.daemon.tasks import Tasks
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import accepting, peer_certificate, refused_certificate, sent_chain
from seon.net.ends import Caller, caller_of
from seon.net.greetings import on_tls_port
from seon.net.handshakes import in_words
from seon.net.stream import AsyncTls
from seon.pki import PeerCertificate
from seon.pki.chains import Chain
from seon.process.events import Report
from seon.process.pace import Pace
from seon.server.in_force import NO_LISTS, InForce

HELLO_SECONDS = 3.0
"""From accept to a whole ClientHello: who says nothing holds a slot no longer than that."""
ENFORCED = "TLS 1.2 or higher with forward secrecy, client certificates of known partners, no session resumption"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A partner whose certificate was verified, on a connection that has carried no OFTP2 octet yet."""

    tls: AsyncTls
    partner: ServerPartner
    evidence: Evidence
    caller: Caller


class Gate:
    """Serves the external port. `enter` takes over each admitted partner and owns its connection from then on."""

    def __init__(
        self,
        report: Report,
        enter: Callable[[Admitted], Awaitable[None]],
        tasks: Tasks,
        detail: Detail = UNHEARD,
        lists: Callable[[], RevocationLists] = lambda: NO_LISTS,
        verified: Callable[[Chain], None] = lambda _: None,
    ) -> None:
        self._enter = enter
        self._tasks = tasks
        self._detail = detail
        self._by_source: Counter[str] = Counter()
        self._entering: set[asyncio.Task[None]] = set()
        self._refused = Quieter(report).refused
        self._lists = lists
        self._verified = verified
        """Takes each chain that was verified, also of who is not admitted: it says where revocation lists are."""

    def drop_entering(self) -> None:
        """Let go of partners that are admitted and not inside yet: the port closes."""
        for job in self._entering:
            job.cancel()

    async def serve(self, in_force: InForce, sock: socket.socket, source: str, port: int) -> None:
        """Serve a connection to the external port by what is in force."""
        group = addresses.neighbourhood(source)
        caller = caller_of(sock, source, port)
        self._by_source[group] += 1
        try:
            admitted = await self._admit(sock, caller, in_force)
        finally:
            self._by_source[group] -= 1
            if not self._by_source[group]:
                del self._by_source[group]
        if admitted:  # its slot is free again: what is slow inside must not keep strangers and partners waiting here
            admitted.tls.take_over()
            entering = self._tasks.start(self._bring_in(admitted), f"bringing {admitted.caller.source} inside")
            self._entering.add(entering)
            entering.add_done_callback(self._entering.discard)

    async def _bring_in(self, admitted: Admitted) -> None:
        try:
            await self._enter(admitted)
        finally:
            admitted.tls.close()

    async def _admit(self, sock: socket.socket, caller: Caller, in_force: InForce) -> Admitted | None:
        assert in_force.gate is not None
        tls, pace = AsyncTls(sock, accepting(in_force.gate.context)), self._detail.pace(caller.source)
        try:
            async with asyncio.timeout(in_force.configuration.limits.handshake_seconds):
                await tls.handshake(HELLO_SECONDS, self._detail.handshake(caller.source))
            pace.done(f"TLS handshake done: {in_words(tls.channel.connection)}")
        except TimeoutError:
            reason = on_tls_port(tls.channel.heard) or "the handshake took too long"
            self._refused(caller, "ADM-TLS", reason=reason)
        except (TlsError, EndOfStream, OSError) as error:
            self._refused_in_handshake(tls, caller, in_force, error)
            await tls.end()
        else:
            return await self._decide(tls, caller, in_force, pace)
        return None

    async def _decide(self, tls: AsyncTls, caller: Caller, in_force: InForce, pace: Pace) -> Admitted | None:
        """Decide again after the handshake: what a callback has let through counts only if it holds now."""
        connection = tls.channel.connection
        shown = peer_certificate(connection)
        try:
            sent = () if shown is None or in_force.is_pinned(shown) else sent_chain(connection)
        except TlsError as error:
            self._refuse(caller, Refused(Verdict.TOO_LARGE, str(error)), shown)
            await tls.end()
            return None
        if shown is None:
            self._refuse(caller, Refused(Verdict.NO_CERTIFICATE, "no certificate was shown"), None)
            await tls.end()
            return None
        evidence, verdict = in_force.admit(shown, sent, caller.source, self._lists())
        if evidence.chain:
            self._verified(evidence.chain)
        if isinstance(verdict, Refused):
            self._refuse(caller, verdict, shown)
            await tls.end()
            return None
        if verdict.doubts:
            reason = "; ".join(doubt.reason for doubt in verdict.doubts)
            self._refused(caller, "ADM-WARNING", partner=verdict.partner.id, reason=reason, **as_fields(shown))
        pace.done(f"admitted: {verdict.because}")
        return Admitted(tls, verdict.partner, evidence, caller)

    def _refused_in_handshake(self, tls: AsyncTls, caller: Caller, in_force: InForce, error: Exception) -> None:
        shown = refused_certificate(tls.channel.connection)
        if shown is None:
            self._refused(caller, "ADM-TLS", reason=on_tls_port(tls.channel.heard) or str(error))
            return
        _, verdict = in_force.admit(shown, (), "", self._lists())
        if not isinstance(verdict, Refused):
            verdict = Refused(Verdict.UNKNOWN, "admission changed during the handshake", verdict.partner)
        self._refuse(caller, verdict, shown)

    def _refuse(self, caller: Caller, refused: Refused, shown: PeerCertificate | None) -> None:
        """Tell a refusal with all that is known of who was refused."""
        said = as_fields(shown) if shown else NOBODY
        partner = refused.partner.id if refused.partner else ""
        code = "ADM-NETWORK" if refused.verdict == Verdict.NETWORK else "ADM-REFUSED"
        self._refused(caller, code, verdict=refused.verdict.value, reason=refused.reason, partner=partner, **said)
