"""What the server is supplied with over the link: the configuration with its sealed key, and blobs."""

import asyncio
from collections.abc import Iterable

import msgspec

from seon.api_messages import SealedKey, SealedKeyWanted
from seon.client.control import ControlLink
from seon.client.courier_line import CourierLine
from seon.config import ProxyConfiguration
from seon.daemon.log import Log
from seon.link import messages as m
from seon.link.versions import Side, VersionError, agreed
from seon.net.channel import TlsError
from seon.process.events import Report
from seon.process.levels import Level


class Supply:
    """Delivers the newest configuration. A link that ends meanwhile is no trouble here: whoever serves it says so."""

    def __init__(self, courier: CourierLine, report: Report, log: Log) -> None:
        self.newest: ProxyConfiguration | None = None
        self._courier = courier
        self._report = report
        self._log = log
        self._sealed: tuple[object, SealedKey] | None = None
        self._wanted = asyncio.Event()
        self._configuration_wanted = False
        self._blobs_wanted: dict[str, None] = {}

    def want_configuration(self) -> None:
        """Have the newest configuration delivered; asked for ten times meanwhile, it is delivered once."""
        self._configuration_wanted = True
        self._wanted.set()

    def want_blobs(self, names: tuple[str, ...]) -> None:
        """Have blobs delivered, but none that the configuration does not name: the server may ask for anything."""
        known = self.newest.blobs if self.newest else ()
        self._blobs_wanted.update(dict.fromkeys(name for name in names if name in known))
        self._wanted.set()

    async def serve(self, control: ControlLink) -> None:
        """Deliver what is wanted over one link, one thing at a time, until cancelled."""
        await self._courier.server_reads(control.hello.newest_format)
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if self._configuration_wanted:
                self._configuration_wanted = False
                await self._deliver(control)
            blobs, self._blobs_wanted = self._blobs_wanted, {}
            await self._deliver_blobs(blobs, control)

    async def _deliver(self, control: ControlLink) -> None:
        """Send the newest configuration to the server. Its key comes sealed from Seonapi; we cannot open it."""
        configuration = self.newest
        if configuration is None or not self._fits(configuration, control.hello):
            return
        own = configuration.servers.get(control.hello.proxy_id)
        if own is None:
            reason = f"Seonapi has nothing for the server {control.hello.proxy_id}: let the client's token serve it"
            self._report("CFG-BAD", version=configuration.version, reason=reason)
            return
        try:
            key = await self._sealed_key(configuration, control)
        except (ConnectionError, TimeoutError) as error:
            reason = f"the key of our certificate is not to be had: {error}"
            self._report("CFG-BAD", version=configuration.version, reason=reason)
            return
        if configuration is not self.newest:
            return  # a newer one is on its way
        version, number = configuration.version, configuration.server_format
        standing = configuration.standings.get(control.hello.proxy_id, msgspec.Raw(b"null"))
        delivery = m.Delivery(version, number, configuration.server, key, own, standing)
        try:
            await control.deliver("configuration", msgspec.json.encode(delivery))
        except (TlsError, OSError):
            return

    def _fits(self, configuration: ProxyConfiguration, hello: m.ServerHello) -> bool:
        """Whether the linked server can read its part. If it is too new, one that fits was asked for (`serve`)."""
        if configuration.server_format > hello.newest_format:
            return False
        theirs = Side("the server", hello.build, hello.oldest_format, hello.newest_format)
        served = Side("Seonapi", "", configuration.server_format, configuration.server_format)
        try:
            agreed("configuration format", theirs, served)
        except VersionError as error:
            self._report("CFG-BAD", version=configuration.version, reason=str(error))
            return False
        return True

    async def _deliver_blobs(self, names: Iterable[str], control: ControlLink) -> None:
        """Get blobs from Seonapi and send them on, one after the other; those it has not got are left out."""
        for name in names:
            try:
                octets = await self._courier.blob(name)
            except (ConnectionError, TimeoutError) as error:
                self._log.write("configuration", Level.ERROR, f"Blob {name} is not to be had: {error}")
                continue
            try:
                await control.deliver("blob", octets)
            except (TlsError, OSError):
                return

    async def _sealed_key(self, configuration: ProxyConfiguration, control: ControlLink) -> SealedKey | None:
        """Return the partners' TLS key, sealed for the linked server; asked for once per key and server."""
        own = configuration.certificate_id
        if not own:
            return None
        for_what = (own, control.hello.mlkem_key)
        if self._sealed is None or self._sealed[0] != for_what:
            hello = control.hello
            wanted = SealedKeyWanted(hello.proxy_id, hello.mlkem_key, hello.x25519_key, hello.signature, own)
            self._sealed = (for_what, await self._courier.sealed(wanted))
        return self._sealed[1]
