"""The way up to the server: a certified link key in memory, and the control link dialled with it."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

from seon import addresses
from seon.api_messages import Enrolled
from seon.client.control import ControlLink, NotEstablishedError
from seon.client.courier import messages as c
from seon.client.courier_line import CourierLine
from seon.client.opening import Link
from seon.client.rights import Rights
from seon.daemon.detail import UNHEARD, Detail
from seon.link.identity import IdentityError, check_link_server, new_link_request, of_another_seonapi, serial_of
from seon.link.sealing import wipe
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import CONTROL, KeyedContext, connecting, link_certificate, link_dialler, refused_authority
from seon.net.dial import MAX_TOLD, DialError, Stage, dial_addresses, secured
from seon.net.handshakes import in_words
from seon.net.stream import AsyncTls
from seon.pki import PkiError, pem_of_key
from seon.process.memory import scrub_freed
from seon.session.assignment import LinkAddress

DIAL_SECONDS = 10.0
LINK_ERRORS = (DialError, OSError, TlsError, EndOfStream, IdentityError, NotEstablishedError, TimeoutError)
"""Why there may be no link now, and one later."""
LONGEST_LIFE = 7 * 86_400.0
"""Seconds a link certificate may live, whatever a wrong clock makes of it."""
LOOK_SECONDS = 60.0
"""Between two looks at the clocks, and at least between two renewals."""


class Uplink:
    """Enrols once, renews, and dials."""

    def __init__(
        self, courier: CourierLine, begin: c.Begin, name: str, rights: Rights, detail: Detail = UNHEARD
    ) -> None:
        self.renewed = asyncio.Event()
        """Set when the next link is to be dialled with a new certificate."""
        self._courier = courier
        self._begin = begin
        self._name = name
        self._rights = rights
        self._detail = detail
        self._enrolled: Enrolled
        self._context: KeyedContext

    async def enrol(self) -> None:
        """Make a link key in memory and have it certified. Raises TlsError for a certificate that cannot be used."""
        key, request = new_link_request()
        enrolled = await self._courier.enrol(request)
        pem = pem_of_key(key)
        del key
        try:
            self._context = link_dialler(enrolled.certificate, pem, enrolled.link_ca)
        except PkiError as error:
            raise TlsError(str(error)) from error
        finally:
            wipe(pem)
            scrub_freed()
        self._enrolled = enrolled
        self._rights.enrolled(enrolled.licenses)

    async def renew_forever(self, enrol: Callable[[], Awaitable[None]]) -> None:
        """Renew, by `enrol`, from a third of the certificate's life on: the next link is dialled with the new one.

        By two clocks, the one that does not jump and the one that goes on while the host sleeps.
        """
        while True:
            third = min(self._enrolled.not_after - time.time(), LONGEST_LIFE) / 3
            due, until = time.monotonic() + third, time.time() + third
            await asyncio.sleep(LOOK_SECONDS)
            while time.monotonic() < due and time.time() < until:
                await asyncio.sleep(LOOK_SECONDS)
            await enrol()
            self.renewed.set()

    async def dial(self) -> tuple[ControlLink, Link]:
        """Dial the server and exchange Hellos. Raises one of LINK_ERRORS."""
        host, port = self._begin.host, self._begin.port
        target, pace = addresses.shown(host, port), self._detail.pace("Link:")
        found = await self._courier.resolve(host)
        pace.done(f"{host} resolved: {', '.join(found[:MAX_TOLD])}")
        sock = await dial_addresses(host, found, port, deadline=time.monotonic() + DIAL_SECONDS)
        pace.done(f"connected to {target}")
        tls = await self._secured(sock, target)
        try:
            certificate = link_certificate(tls.channel.connection)
            assert certificate is not None
            proxy_id, serial = check_link_server(certificate, self._enrolled.proxy_ids), serial_of(certificate)
            if why_not := self._rights.to_link(proxy_id, serial):
                raise IdentityError(why_not)
            pace.done(f"TLS done, the certificate is that of server {proxy_id}: {in_words(tls.channel.connection)}")
            control = ControlLink(tls, self._name, proxy_id, detail=self._detail, serial=serial)
            await control.establish()
        except BaseException:
            tls.close()
            raise
        where = LinkAddress(sock.getpeername()[0], port, self._enrolled.proxy_ids, control.protocol)
        return control, Link(where, self._context)

    async def _secured(self, sock: socket.socket, target: str) -> AsyncTls:
        """Do the handshake, and say what is wrong with the server's license. Raises DialError, IdentityError."""
        ours, told = self._context.authority, self._detail.handshake(target)
        connection = connecting(self._context.context, CONTROL, authority=ours)
        try:
            return await secured(sock, connection, target, deadline=time.monotonic() + DIAL_SECONDS, tell=told)
        except DialError as error:
            if theirs := of_another_seonapi(refused_authority(connection), ours):
                raise IdentityError(
                    f"the server's license is of another Seonapi: its link CA is {theirs}, this client's is {ours}; "
                    "check -S and -U, or license the server here (seonapi license issue)"
                ) from error
            if error.stage == Stage.CERTIFICATE:
                raise IdentityError(
                    f"{error}; that certificate is the server's license: on its host, `seon_proxyserver2 -V` shows it"
                ) from error
            raise
