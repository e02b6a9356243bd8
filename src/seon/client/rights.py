"""What the client may do by Seonapi's word at this moment: be there at all, and link to which servers."""

from collections.abc import Sequence


class Rights:
    """Holds what Seonapi said last. A right that it has not given is not there."""

    def __init__(self) -> None:
        self.refused = False
        """Whether Seonapi does not accept this client's token, or its user and password."""
        self._licenses: frozenset[str] = frozenset()
        self._configured = False

    def enrolled(self, licenses: Sequence[str]) -> None:
        """Take the licenses that came with the certificate: what a configuration says is newer."""
        if not self._configured:
            self._licenses = frozenset(licenses)

    def configured(self, licenses: Sequence[str]) -> None:
        """Take the licenses of a configuration."""
        self._licenses, self._configured = frozenset(licenses), True

    def holds(self, serial: str) -> bool:
        """Whether the license with this serial is in force."""
        return serial in self._licenses

    def to_link(self, proxy_id: str, serial: str) -> str:
        """Say why there may be no link to the server that shows this license, "" if there may."""
        if self.refused:
            return "Seonapi refuses this client, so it may not link to a server; CLI-TOKEN says why"
        if self.holds(serial):
            return ""
        return (
            f"the server's license with serial {serial} is not in force in Seonapi: it was withdrawn. "
            f"Issue another one (seonapi license issue {proxy_id}), and put it on the server's host"
        )
