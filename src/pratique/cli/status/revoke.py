"""`pratique status revoke`: credentials that count no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pratique.cli import options
from pratique.cli.status import change

if TYPE_CHECKING:
    from pathlib import Path


@click.command(epilog=options.examples("pratique status revoke register/ 4711 815"))
@change.arguments
def command(*, folder: Path, indices: tuple[int, ...]) -> int:
    """Take credentials back, by their places on the list.

    For good, unless the register was made otherwise. Where one is refused, none is changed.
    """
    return change.make(folder, "revoked", indices)
