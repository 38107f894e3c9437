"""`pratique status reinstate`: credentials that count again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pratique.cli import options
from pratique.cli.status import change

if TYPE_CHECKING:
    from pathlib import Path


@click.command(epilog=options.examples("pratique status reinstate register/ 4711"))
@change.arguments
def command(*, folder: Path, indices: tuple[int, ...]) -> int:
    """Let credentials that were suspended count again, by their places on the list.

    What was revoked stays revoked, unless the register was made otherwise.
    """
    return change.make(folder, "reinstated", indices)
