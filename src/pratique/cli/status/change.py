"""What revoking, suspending and reinstating have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from pratique.cli import output

if TYPE_CHECKING:
    from collections.abc import Callable

_F = TypeVar("_F", bound="Callable[..., Any]")

_ARGUMENTS: Final = (
    click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False, exists=True)),
    click.argument("indices", metavar="INDEX...", nargs=-1, required=True, type=click.IntRange(min=0)),
)


def arguments(function: _F) -> _F:
    """Return a command with a register and the places that it changes."""
    for argument in reversed(_ARGUMENTS):
        function = argument(function)
    return function


def make(folder: Path, verb: str, indices: tuple[int, ...]) -> int:
    """Change the status of all these places or, where the register refuses one, of none; return the exit code."""
    from pratique.status import Register, StatusType  # noqa: PLC0415 - `--help` needs none of the library

    statuses = {"revoked": StatusType.INVALID, "suspended": StatusType.SUSPENDED, "reinstated": StatusType.VALID}
    with Register.open(folder) as register:
        register.set_status(statuses[verb], *indices)
    output.note(f"{verb}: {len(indices)}; it counts once the list is published: pratique status publish {folder}")
    return 0
