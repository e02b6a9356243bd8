"""The gate: the external port. Who comes in is verified here, before anything happens inside or OFTP2 begins."""

import asyncio
import functools
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from seon.admission.codes import Refused, Verdict
from seon.admission.evidence import Evidence
from seon.admission.identity import NOBODY, as_fields
from seon.admission.revocation import RevocationLists
from seon.config import ServerPartner
from seon.daemon.detail import UNHEARD, Detail
from seon.daemon.host import places
from seon.daemon.quieter import Quieter
from seon.daemon.tasks import Tasks
from seon.net.balancers import caller_behind
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import accepting, peer_certificate, refused_certificate, sent_chain
from seon.net.ends import Caller, caller_of
from seon.net.failures import caller_failure
from seon.net.greetings import on_tls_port
from seon.net.handshakes import in_words
from seon.net.listen import Job
from seon.net.networks import Networks
from seon.net.proxy_protocol import ProxyProtocolError
from seon.net.stream import AsyncTls
from seon.pki import PeerCertificate
from seon.pki.chains import Chain
from seon.process.events import Report
from seon.process.pace import Pace
from seon.server.door import NO_TIME, Door, Place
from seon.server.in_force import NO_LISTS, InForce

HELLO_SECONDS = 3.0
"""From accept to a whole ClientHello: who says nothing holds a place no longer than that."""
ENFORCED = "TLS 1.2 or higher with forward secrecy, client certificates of known partners, no session resumption"
_UNREAD = (
    ("peer did not return a certificate", Verdict.NO_CERTIFICATE, "no certificate was shown"),
    ("excessive message size", Verdict.TOO_LARGE, "the certificates are too large"),
    ("ASN1 lib", Verdict.MALFORMED, "the certificate cannot be read"),
    ("cert length mismatch", Verdict.MALFORMED, "the certificate cannot be read"),
    ("unable to get certs public key", Verdict.MALFORMED, "the certificate's key cannot be read"),
)
"""OpenSSL's words for certificates that never become one here, and what they mean."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A partner whose certificate was verified, on a connection that has carried no OFTP2 octet yet."""

    tls: AsyncTls
    partner: ServerPartner
    evidence: Evidence
    caller: Caller


KeepRefused = Callable[[bytes, Caller, str, str], None]


def _not_kept(_: bytes, __: Caller, ___: str, ____: str) -> None:
    """Keep nothing."""


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
        self._entering: set[asyncio.Task[None]] = set()
        self._refused = Quieter(report).refused
        self._lists = lists
        self._verified = verified
        """Takes each chain that was verified, also of who is not admitted: it says where revocation lists are."""
        self.keep_refused: KeepRefused = _not_kept
        """Is told of each refused certificate, in DER, with verdict and reason."""
        self._door = Door(self._turned_away)

    def drop_entering(self) -> None:
        """Let go of partners that are admitted and not inside yet: the port closes."""
        for job in self._entering:
            job.cancel()

    def serve(self, in_force: InForce, sock: socket.socket, source: str, port: int) -> Job | None:
        """Take a connection to the external port by what is in force; None: it is closed at once (net.listen)."""
        caller, balancers = caller_of(sock, source, port), _networks(in_force.configuration.load_balancers)
        if caller.address in balancers:
            return self._serve_behind(in_force, sock, caller, balancers)
        return None if self._is_shut(caller, in_force) else self._serve(in_force, sock, caller)

    def _is_shut(self, caller: Caller, in_force: InForce) -> bool:
        return self._door.is_shut(caller, _networks(in_force.configuration.exempt_networks))

    async def _serve_behind(
        self, in_force: InForce, sock: socket.socket, balancer: Caller, balancers: Networks
    ) -> None:
        """Serve whom a load balancer speaks for. All limits are on that one's address, and none on the balancer's."""
        with self._door.place(sock, balancer, _places(in_force), trusted=True):
            try:
                caller = await caller_behind(sock, balancer, balancers)
            except ProxyProtocolError as error:
                self._refused(balancer, "ADM-TLS", reason=str(error))
                return
        if caller and not self._is_shut(caller, in_force):
            await self._serve(in_force, sock, caller)

    async def _serve(self, in_force: InForce, sock: socket.socket, caller: Caller) -> None:
        exempt = _networks(in_force.configuration.exempt_networks)
        with self._door.place(sock, caller, _places(in_force), exempt) as place:
            admitted = await self._admit(place, sock, in_force)
            if admitted:
                self._door.admitted(place)
        if admitted:  # its place is free again: what is slow inside must not keep strangers and partners waiting here
            admitted.tls.take_over()
            entering = self._tasks.start(self._bring_in(admitted), f"bringing {admitted.caller.source} inside")
            self._entering.add(entering)
            entering.add_done_callback(self._entering.discard)

    async def _bring_in(self, admitted: Admitted) -> None:
        try:
            await self._enter(admitted)
        finally:
            admitted.tls.close()

    async def _admit(self, place: Place, sock: socket.socket, in_force: InForce) -> Admitted | None:
        caller = place.caller
        context = in_force.gate_for(caller.address).context
        tls, pace = AsyncTls(sock, accepting(context)), self._detail.pace(caller.source)
        try:
            async with asyncio.timeout(in_force.configuration.limits.handshake_seconds):
                await tls.handshake(HELLO_SECONDS, self._detail.handshake(caller.source), place.turn)
                await place.turn()  # to verify a chain takes time, too
            pace.done(f"TLS handshake done: {in_words(tls.channel.connection)}")
        except TimeoutError:
            if place.took_too_long():
                reason = on_tls_port(tls.channel.heard) or "the handshake took too long"
                self._refused(caller, "ADM-TLS", reason=reason)
            else:
                self._turned_away(caller, NO_TIME)
        except (TlsError, EndOfStream, OSError) as error:
            place.failed(tls.channel.heard)
            self._refused_in_handshake(tls, caller, in_force, error)
            error.__traceback__ = None  # it, asyncio's future and the frames refer to each other: TLS would be kept
            await tls.end()
        else:
            admitted = self._decide(tls, caller, in_force, pace)
            if admitted:
                return admitted
            place.refused()  # before the end is waited for: who comes again meanwhile must be counted
            await tls.end()
        return None

    def _turned_away(self, caller: Caller, limit: str) -> None:
        self._refused(caller, "ADM-LIMIT", limit=limit)

    def _decide(self, tls: AsyncTls, caller: Caller, in_force: InForce, pace: Pace) -> Admitted | None:
        """Decide again after the handshake: what a callback has let through counts only if it holds now."""
        connection = tls.channel.connection
        shown = peer_certificate(connection)
        if shown is None:
            self._refuse(caller, Refused(Verdict.NO_CERTIFICATE, "no certificate was shown"), None)
            return None
        try:
            sent = () if in_force.is_pinned(shown) else sent_chain(connection)
        except TlsError as error:
            self._refuse(caller, Refused(Verdict.TOO_LARGE, str(error)), shown)
            return None
        evidence, verdict = in_force.admit(shown, sent, caller.source, self._lists())
        if evidence.chain:
            self._verified(evidence.chain)
        if isinstance(verdict, Refused):
            self._refuse(caller, verdict, shown)
            return None
        if verdict.doubts:
            reason = "; ".join(doubt.reason for doubt in verdict.doubts)
            self._refused(caller, "ADM-WARNING", partner=verdict.partner.id, reason=reason, **as_fields(shown))
        pace.done(f"admitted: {verdict.because}")
        return Admitted(tls, verdict.partner, evidence, caller)

    def _refused_in_handshake(self, tls: AsyncTls, caller: Caller, in_force: InForce, error: Exception) -> None:
        shown = refused_certificate(tls.channel.connection)
        if shown is None:
            words = caller_failure(error, tls.channel.heard)
            meant = next(((verdict, said) for text, verdict, said in _UNREAD if text in words), None)
            if meant:
                self._refuse(caller, Refused(meant[0], f"{meant[1]} ({words})"), None)
            else:
                self._refused(caller, "ADM-TLS", reason=words)
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
        if shown:
            self.keep_refused(shown.der, caller, refused.verdict.value, refused.reason)


def _places(in_force: InForce) -> int:
    limits = in_force.configuration.limits
    return places(limits.handshakes, limits)


@functools.lru_cache(maxsize=8)
def _networks(networks: tuple[str, ...]) -> Networks:
    """Return networks of a configuration, read once."""
    return Networks(networks)
