"""`seon oftp2`: the command line of both tools."""

import sys
from pathlib import Path

import click

from seon.events import shown

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_CLEAN, _UNREADABLE = 0, 1


@click.group(context_settings=_HELP)
def oftp2() -> None:
    """Check recorded OFTP2 sessions, and explain their octets.

    Nothing here opens a connection. Passwords, challenges and responses are masked, and what a station sent is escaped
    where it is shown.
    """


@oftp2.command(short_help="Verify recorded sessions.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--profile",
    type=click.Choice(["default", "strict"]),
    default="default",
    show_default=True,
    help="default: harmless habits of real stations are warned of. strict: what contradicts RFC 5024 is refused.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per file and line, nothing else.")
@click.option("-q", "--quiet", is_flag=True, help="Only the verdict of each file.")
def check(files: tuple[str, ...], profile: str, as_json: bool, quiet: bool) -> None:
    """Verify recorded sessions by the rules by which the proxy verifies live ones.

    A FILE is a transcript: lines `I <hex>` and `R <hex>` are octets that Initiator or Responder sent, cut anywhere,
    `I EOF` and `R EOF` the end of that side's stream, `# ...` a comment; `-` is standard input. Each session is shown
    as a table of its commands, with every finding below the command that caused it, and ends with its verdict: accept,
    warn or refuse.

    \b
    Exit status:
      0  no session is refused
      1  at least one is
      2  wrong usage, or a FILE cannot be read or is no transcript (the others are checked)

    \b
    Examples:
      seon oftp2 check session.oftp
      seon oftp2 check --profile strict --quiet traces/*.oftp
      seon oftp2 check --json traces/*.oftp | jq -r 'select(.verdict == "refuse") | .file'
    """
    from seon.cli.oftp2.checking import Checker  # noqa: PLC0415  # `--help` is quick
    from seon.oftp2.rules import Policy  # noqa: PLC0415

    policy = Policy.named("strict" if profile == "strict" else "default")
    sys.exit(Checker(policy, as_json=as_json, brief=quiet).check(files))


@oftp2.command(short_help="Explain octets field by field.")
@click.argument("hex_", nargs=-1, metavar="[HEX]...")
@click.option("--file", "file", metavar="FILE", help="Take the octets from a file; - is standard input.")
@click.option("--binary", is_flag=True, help="The file holds the octets themselves; found out where they are no text.")
@click.option("--bare", is_flag=True, help="One exchange buffer without a stream header; found out by the first octet.")
@click.option(
    "--level",
    type=click.Choice(["1", "2", "4", "5"]),
    help="Protocol level to read by. Without it 5, or the lowest level of the SSIDs among the octets; an SSID is "
    "always read by its own.",
)
@click.option("--show-secrets", is_flag=True, help="Show passwords, challenges and responses.")
def decode(
    hex_: tuple[str, ...], file: str | None, binary: bool, bare: bool, level: str | None, show_secrets: bool
) -> None:
    """Explain octets field by field: offset, length, field by its name in the RFC, hex, value and meaning.

    HEX may have spaces, colons or 0x in it; without HEX and --file it is read from standard input. The octets are
    stream buffers with their headers, or one bare exchange buffer. What is wrong stands below its field.

    \b
    Exit status:
      0  everything could be read
      1  a buffer cannot be read: cut off, or against a rule that leaves it no meaning
      2  wrong usage, or no octets

    \b
    Examples:
      seon oftp2 decode 10 00 00 17 49 4f 44 45 54 54 45 20 46 54 50 20 52 45 41 44 59 20 0d
      seon oftp2 decode 0x33:31:33:4e:30:30:30
      seon oftp2 decode --level 2 --file sfid.hex
      seon oftp2 decode --show-secrets --file stream.bin
    """
    from seon.cli.oftp2.decoding import Decoder, looks_bare  # noqa: PLC0415
    from seon.cli.oftp2.octets import NoOctetsError  # noqa: PLC0415

    try:
        octets = _octets(hex_, file, binary=binary)
    except NoOctetsError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"{shown(error.filename or '-')}: {error.strerror}") from None
    decoder = Decoder(int(level) if level else None, show_secrets=show_secrets)
    if bare or looks_bare(octets):
        decoder.exchange_buffer(octets)
    else:
        decoder.stream(octets)
    sys.exit(_CLEAN if decoder.readable else _UNREADABLE)


def _octets(hex_: tuple[str, ...], file: str | None, *, binary: bool) -> bytes:
    """Return the octets that were given, at least one; raises NoOctetsError or OSError."""
    from seon.cli.oftp2.octets import MAX_INPUT, NoOctetsError, from_hex, from_input  # noqa: PLC0415

    if hex_ and (file or binary):
        raise click.UsageError("HEX, or --file and --binary: not both")
    if hex_:
        octets = from_hex(" ".join(hex_))
    else:
        if file in {None, "-"}:
            if sys.stdin.isatty():
                click.echo("Hex from standard input, up to Ctrl-D:", err=True)
            raw = sys.stdin.buffer.read(MAX_INPUT + 1)
        else:
            with Path(str(file)).open("rb") as source:
                raw = source.read(MAX_INPUT + 1)
        if len(raw) > MAX_INPUT:
            raise NoOctetsError(f"more than {MAX_INPUT} octets; seon oftp2 check takes whole sessions")
        octets = from_input(raw, binary=binary)
    if not octets:
        raise NoOctetsError("there are no octets")
    return octets
