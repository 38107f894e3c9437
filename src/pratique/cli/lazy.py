"""A group of subcommands, each of which is imported when it is asked for: `--help` needs none of the library."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """A group whose subcommands are `command` in the modules of their names.

    `commands_of` is the package of the modules, and what each subcommand is for, by its name. The module of a name that
    Python keeps for itself has an underscore after it.
    """

    def __init__(self, *args: Any, commands_of: tuple[str, Mapping[str, str]], **extra: Any) -> None:
        super().__init__(*args, **extra)
        self._package, self._commands = commands_of

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which people meet them."""
        return list(self._commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a subcommand; None where there is none of that name."""
        if cmd_name not in self._commands:
            return None
        name = "import_" if cmd_name == "import" else cmd_name
        command: click.Command = import_module(f"{self._package}.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._commands.items()))
