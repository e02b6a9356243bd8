"""`seon`: quick start, station and tools. Commands are imported when they are called, so `seon --help` is quick."""

import importlib

import click

from seon.cli.version import version_option

_COMMANDS = {
    "oftp2": ("seon.cli.oftp2", "oftp2", "Check recorded OFTP2 sessions, and explain octets."),
    "programs": ("seon.cli.programs", "programs", "Write the two daemons into a directory: their home."),
    "quickstart": ("seon.cli.quickstart", "quickstart", "Make and run a whole installation on this machine."),
    "station": ("seon.cli.station", "station", "An OFTP2 station: send and receive files."),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in sorted(_COMMANDS.items())])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@version_option("seon", "-v", "--version")
def main() -> None:
    """Seon SmartProxy: tools around the security proxy for OFTP2."""


if __name__ == "__main__":
    main()
