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
        """Have a partner with this code, certificate and port on 127.0.0.1; return its id.

        Codes and certificates of a partner cannot be changed: with others it is another one, and the one before is
        disabled. The id is `name`, or `name-2` and so on.
        """
        fingerprint, before = fingerprint_of(certificate), self.known("partner_id")
        if self.known("pinned") != fingerprint:
            if before:
                self._say(f"seonapi partner change {before} --disable: the demo partner gets another code")
                self._run("partner", "change", before, "--disable")
            identifier = self._add_partner(name, code, certificate, port)
            self.note(partner_id=identifier, pinned=fingerprint, partner=port)
        elif self.known("partner") != port:
            self._say(f"seonapi partner change {before} --port {port}")
            self._run("partner", "change", before, "--port", port)
            self.note(partner=port)
        return self.known("partner_id")

    def _add_partner(self, name: str, code: str, certificate: Path, port: str) -> str:
        identifier = name
        if self.known("partner_id"):
            rows = self._partners()
            pinned = [row["id"] for row in rows if fingerprint_of(certificate) in row["certificates"]]
            if pinned:  # an earlier start was killed before it could note that
                self._run("partner", "change", pinned[0], "--enable", "--port", port)
                return str(pinned[0])
            taken = {row["id"] for row in rows}
            identifier = next(free for n in range(2, len(rows) + 3) if (free := f"{name}-{n}") not in taken)
        self._say(f"seonapi partner add {identifier}")
        self._run("partner", "add", identifier, "--name", "Demo partner", "--code", code,
                  "--certificate", str(certificate), "--host", "127.0.0.1", "--port", port)  # fmt: skip
        return identifier

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
