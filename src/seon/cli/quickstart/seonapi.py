"""What the installation's Seonapi is told, by its own command line: each thing once, and again when it changes.

A file holds what it knows. A start may be killed between a command and the note of it, so where a command would fail
the second time, that is looked at.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from seon.cli.quickstart.processes import ProcessError, program, run
from seon.pki import certificate_in_pem, fingerprint

Say = Callable[[str], None]


class Seonapi:
    """Tells Seonapi in `home`. `notes`: the file that says what it knows, may be missing. Raises ProcessError."""

    def __init__(self, home: Path, notes: Path, say: Say) -> None:
        self._home = home
        self._notes = notes
        self._say = say
        self._known = msgspec.json.decode(notes.read_bytes(), type=dict[str, str]) if notes.exists() else {}

    def known(self, what: str) -> str:
        """Return what was noted last; "" for what was not."""
        return self._known.get(what, "")

    def note(self, **known: str) -> None:
        """Note what holds from now on."""
        self._known |= known
        fresh = self._notes.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self._known))
        fresh.replace(self._notes)

    def set(self, key: str, value: str) -> None:
        """Set a setting."""
        if self.known(key) != value:
            self._say(f"seonapi set {key} {value}")
            self._run("set", key, value)
            self.note(**{key: value})

    def own_certificate(self, certificate: Path, key: Path) -> None:
        """Put the company's certificate in use."""
        self._say("seonapi certificate add --use")
        self._run("certificate", "add", "--chain", str(certificate), "--key", str(key), "--use")

    def partner(self, name: str, code: str, certificate: Path, port: str) -> str:
        """Have a partner with this code, certificate and port on 127.0.0.1; return its id, which is `name`.

        The code and the certificate that it had before are taken away, and no other ones.
        """
        fingerprint, identifier = fingerprint_of(certificate), self.known("partner_id")
        if not identifier:
            self._say(f"seonapi partner add {name}")
            self._run("partner", "add", name, "--name", "Demo partner", "--code", code,
                      "--certificate", str(certificate), "--host", "127.0.0.1", "--port", port)  # fmt: skip
        elif self.known("pinned") != fingerprint:
            self._say(f"seonapi partner change {identifier}: another code and certificate")
            self._change_partner(identifier, code, certificate)
        if identifier and self.known("partner") != port:
            self._say(f"seonapi partner change {identifier} --port {port}")
            self._run("partner", "change", identifier, "--port", port)
        self.note(partner_id=identifier or name, pinned=fingerprint, code=code, partner=port)
        return self.known("partner_id")

    def _change_partner(self, identifier: str, code: str, certificate: Path) -> None:
        """Give a partner another code and certificate; a start that was killed here may have done some of it."""
        row = next((row for row in self._partners() if row["id"] == identifier), None)
        codes, pins = (row["codes"], row["certificates"]) if row else ([], [])
        if fingerprint_of(certificate) not in pins:
            self._run("partner", "certificate", "add", identifier, str(certificate))
        if self.known("pinned") in pins:
            self._run("partner", "certificate", "remove", identifier, self.known("pinned"))
        if code not in codes:
            self._run("partner", "code", "add", identifier, code)
        if self.known("code") != code and self.known("code") in codes:
            self._run("partner", "code", "remove", identifier, self.known("code"))

    def _partners(self) -> list[dict[str, Any]]:
        return msgspec.json.decode(self._run("partner", "list", "--json"), type=list[dict[str, Any]])

    def listener(self, client: str, port: str, partner: str) -> None:
        """Have one listening port of the client on 127.0.0.1, which leads to the partner."""
        if self.known("outgoing") == f"{port} {partner}":
            return
        self._say(f"seonapi listener add: port {port} of the client leads to {partner}")
        # Ports that may be there: the one before, and those of starts that were killed here.
        old = set(self.known("leaving").split()) | set(self.known("outgoing").split()[:1])
        self.note(outgoing="", leaving=" ".join(old | {port}))
        for each in old:
            try:
                self._run("listener", "remove", "--client", client, "--port", each)
            except ProcessError:
                continue  # it was removed already
        self._run("listener", "add", "--client", f"{client}/127.0.0.1", "--port", port, "--partner", partner)
        self.note(outgoing=f"{port} {partner}", leaving="")

    def _run(self, *arguments: str) -> str:
        return run([program("seonapi"), *arguments], self._home)


def fingerprint_of(certificate: Path) -> str:
    """Return the SHA-256 of a certificate in hex, as Seonapi shows it."""
    return fingerprint(certificate_in_pem(certificate.read_bytes()))
