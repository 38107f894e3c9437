"""`pratique status suspend`: credentials that do not count for the time being."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pratique.cli import options
from pratique.cli.status import change

if TYPE_CHECKING:
    from pathlib import Path


@click.command(epilog=options.examples("pratique status suspend register/ 4711"))
@change.arguments
def command(*, folder: Path, indices: tuple[int, ...]) -> int:
    """Take credentials back for the time being, by their places on the list.

    The register needs 2 bits or more. Everybody can see that a credential was suspended; to revoke it and issue
    another says less.
    """
    return change.make(folder, "suspended", indices)
