"""`seonapi completion`: the script by which a shell completes commands and options."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_SEONAPI_COMPLETE"
"""What the script sets when it asks this program what could stand next."""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete what you type.

    \b
    bash: eval "$(seonapi completion bash)"     in ~/.bashrc
    zsh:  eval "$(seonapi completion zsh)"      in ~/.zshrc
    fish: seonapi completion fish | source      in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None, "click knows these shells"
    click.echo(kind(context.find_root().command, {}, "seonapi", VARIABLE).source())
