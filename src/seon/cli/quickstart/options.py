"""What can be said of the stations on the quick start's command line, checked when it is entered."""

import re
from typing import Any

import click

from seon import addresses
from seon.cli.station import PLAIN_PORT, Secret

CODE_LENGTH, PASSWORD_LENGTH = 25, 8
_X_SET = re.compile(r"[0-9A-Z/.&() -]*")
_ALLOWED = "capital letters, digits, blanks inside, and / - . & ( ), as in RFC 5024"


class Code(click.ParamType[str]):
    """An identification code: 1 to 25 characters of the X set."""

    name = "code"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the code."""
        if not (1 <= len(value) <= CODE_LENGTH and _fits(value)):
            self.fail(f"a code has 1 to {CODE_LENGTH} characters: {_ALLOWED}", param, ctx)
        return str(value)


class Password(Secret):
    """A session password: up to 8 characters of the X set; `@FILE` has it in its first line."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the password; no message shows it."""
        try:
            password = super().convert(value, param, ctx).removesuffix("\r")
        except UnicodeDecodeError:
            self.fail(f"{value[1:]} is not text", param, ctx)
        if len(password) > PASSWORD_LENGTH or not _fits(password):
            self.fail(f"a password has at most {PASSWORD_LENGTH} characters: {_ALLOWED}", param, ctx)
        return password


class HostPort(click.ParamType[str]):
    """`HOST:PORT`, an IPv6 address in brackets; without a port it is that of OFTP without TLS."""

    name = "host:port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address with its port."""
        try:
            return addresses.shown(*addresses.read_target(value, PLAIN_PORT))
        except addresses.AddressError as error:
            self.fail(f"{error}; examples: 10.0.0.5:3305, oftp.example:3305, [2001:db8::5]:3305", param, ctx)


def _fits(text: str) -> bool:
    return bool(_X_SET.fullmatch(text)) and text == text.strip()
