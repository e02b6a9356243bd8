"""The internal port: clients dial it for control links and session links. The same care as at the external one."""

import asyncio
import contextlib
import socket
from typing import NamedTuple, Protocol

from seon.config import Limits
from seon.daemon.detail import UNHEARD, Detail
from seon.daemon.host import places
from seon.daemon.message_stream import MessageStream
from seon.daemon.quieter import Quieter
from seon.daemon.tasks import Tasks
from seon.link import messages as m
from seon.link.codec import Decoder, encode
from seon.link.identity import IdentityError, check_link_client, of_another_seonapi
from seon.net import context
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import KeyedContext, accepting, link_certificate, refused_authority
from seon.net.ends import Caller, caller_of
from seon.net.handshakes import in_words
from seon.net.listen import Job
from seon.net.stream import AsyncTls
from seon.pki import fingerprint
from seon.process.events import Report
from seon.server.door import NO_TIME, Door, Place

HANDSHAKE_SECONDS = 10.0
HELLO_SECONDS = 3.0
PLACES = 512
"""Connections to the internal port at once that are not verified, or not joined, yet."""

_decoders: dict[int, Decoder[m.SessionOpening]] = {n: Decoder(union) for n, union in m.SESSION_OPENING.items()}


class Peer(NamedTuple):
    """What the certificate of a verified client says."""

    key: str
    """Its fingerprint."""
    mark: str
    """Of the secret that it was issued for (link.standing)."""


class Links(Protocol):
    """What the server does with verified links. It owns the connection from then on."""

    async def control(self, tls: AsyncTls, peer: Peer, caller: Caller) -> None:
        """Serve a control link to its end."""

    def protocol(self, key: str) -> int:
        """Return the number of the protocol that the client with this key speaks."""

    def barred(self, mark: str) -> str:
        """Say why a client whose certificate has this mark may not be linked, "" if it may."""

    def session(self, opening: m.SessionOpening, tls: AsyncTls, peer: Peer, source: str) -> str | None:
        """Take a session link; return why not, or None."""


class InternalPort:
    """Serves the internal port."""

    def __init__(self, proxy_id: str, report: Report, links: Links, tasks: Tasks, detail: Detail = UNHEARD) -> None:
        self._proxy_id = proxy_id
        self._refused = Quieter(report).refused
        self._door = Door(self._turned_away)
        self._links = links
        self._tasks = tasks
        self._detail = detail

    def serve(self, keyed: KeyedContext, sock: socket.socket, source: str, port: int) -> Job | None:
        """Take a connection with the context of the license in force; None: it is closed at once (net.listen)."""
        caller = caller_of(sock, source, port)
        return None if self._door.is_shut(caller) else self._serve(keyed, sock, caller)

    async def _serve(self, keyed: KeyedContext, sock: socket.socket, caller: Caller) -> None:
        with self._door.place(sock, caller, places(PLACES, Limits())) as place:
            tls = AsyncTls(sock, accepting(keyed.context))
            try:
                await self._link(keyed, tls, place)
            except TimeoutError:
                self._turned_away(caller, "no handshake in time" if place.took_too_long() else NO_TIME)
            except (TlsError, EndOfStream, OSError, IdentityError, m.LinkError) as error:
                place.failed(tls.channel.heard)
                self._turned_away(caller, str(error))
                error.__traceback__ = None  # see the gate

    def _turned_away(self, caller: Caller, reason: str) -> None:
        self._refused(caller, "LNK-REFUSED", reason=reason)

    async def _link(self, keyed: KeyedContext, tls: AsyncTls, place: Place) -> None:
        caller = place.caller
        pace = self._detail.pace(caller.source)
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            try:
                await tls.handshake(HELLO_SECONDS, self._detail.handshake(caller.source), place.turn)
                peer = self._verified(tls)
                pace.done(f"link TLS done, the certificate is one of a client: {in_words(tls.channel.connection)}")
            except (TlsError, IdentityError) as error:
                named = refused_authority(tls.channel.connection)
                place.failed(tls.channel.heard)
                await tls.end()
                if isinstance(error, TlsError) and (theirs := of_another_seonapi(named, keyed.authority)):
                    raise IdentityError(
                        f"the client is of another Seonapi: its link CA is {theirs}, that of this server's license is "
                        f"{keyed.authority}; check the client's -S and -U, or license this server there"
                    ) from error
                raise
        self._door.admitted(place)
        match tls.channel.connection.get_alpn_proto_negotiated():
            case context.CONTROL:
                tls.take_over()  # a verified client's link lasts: it takes no place from those that come
                about = f"serving the control link from {caller.source}"
                self._tasks.start(self._links.control(tls, peer, caller), about)
            case context.SESSION:
                await self._session(tls, peer, caller)
            case _:
                raise m.LinkError("neither a control link nor a session link was asked for (ALPN)")

    def _verified(self, tls: AsyncTls) -> Peer:
        certificate = link_certificate(tls.channel.connection)
        if certificate is None:
            raise IdentityError("no certificate was shown")
        mark = check_link_client(certificate, self._proxy_id)
        if why := self._links.barred(mark):
            raise IdentityError(why)
        return Peer(fingerprint(certificate), mark)

    async def _session(self, tls: AsyncTls, peer: Peer, caller: Caller) -> None:
        opening = await MessageStream(tls, _decoders[self._links.protocol(peer.key)]).receive_within(HANDSHAKE_SECONDS)
        taken = self._links.session(opening, tls, peer, caller.source)
        if taken is not None:
            if isinstance(opening, m.Ticket):  # why no partner is dialled is told of the session
                self._refused(caller, "LNK-REFUSED", reason=f"session link: {taken}")
            with contextlib.suppress(TlsError, OSError):
                await tls.write(encode(m.NotJoined(taken[:500])))
            await tls.end()
