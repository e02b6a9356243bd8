"""Help of a daemon as administrators know it: build first, then options, and all that is good to know in tables."""

from collections.abc import Sequence

import click

Rows = Sequence[tuple[str, str]]


class Page(click.Command):
    """A command whose help begins with `<title> build <date of the commit>` and ends with sections of its own."""

    title = ""
    sections: Sequence[tuple[str, Rows]] = ()

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the whole help."""
        from seon.build import this_build  # noqa: PLC0415  # may start git: only for who wants to know

        formatter.write(f"{self.title} build {this_build().build}\n\n")
        super().format_help(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the sections."""
        for name, rows in self.sections:
            with formatter.section(name):
                formatter.write_dl(rows)


def page(page_title: str, page_sections: Sequence[tuple[str, Rows]]) -> type[Page]:
    """Return a kind of command with this title and these sections: (name, rows of name and meaning)."""

    class Made(Page):
        title = page_title
        sections = page_sections

    return Made
