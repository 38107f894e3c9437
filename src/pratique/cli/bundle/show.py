"""`pratique bundle show`: what is in a bundle, how old each part is, and whether it counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import options, output
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from datetime import datetime


@click.command(
    epilog=options.examples(
        "pratique bundle show border.bundle --root root.json",
        "pratique bundle show kiosk/ --json",
    )
)
@click.argument("path", metavar="FILE|FOLDER", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--root",
    "root_path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="The pinned root, in JSON.  [default, of a kiosk's folder: the one pinned in it]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@options.at_option
def command(*, path: Path, root_path: Path | None, as_json: bool, at: datetime | None) -> int:
    """Show what is in a bundle, or in the one that a kiosk's folder has, and how old each part is.

    Ages: fresh; due, a newer one should be here; stale, it still refuses, and what it lets pass a person must look at;
    over, it counts no more; early, it is from the future and a clock is wrong.

    Exit code: 0 where the root vouches for the bundle and it counts now, 1 where not.
    """
    from pratique.cli.parts import print_parts, view  # noqa: PLC0415 - `--help` needs none of the library
    from pratique.cli.relied import read_bundle  # noqa: PLC0415
    from pratique.inventory import Age, inventory  # noqa: PLC0415

    try:
        bundle, root = read_bundle(path, root_path)
    except PratiqueError as error:
        output.not_vouched_for(error, as_json=as_json)
        return 1
    parts = inventory(bundle, root, at=at or options.now())
    ages = {part.age for part in parts[:2]}  # its own, and that of the root
    counts = ages <= {Age.FRESH, Age.DUE}
    if as_json:
        output.print_json({"id": bundle.id, "sequence": bundle.sequence, "counts": counts, "parts": view(parts)})
    else:
        words = "VOUCHED FOR" if counts else f"VOUCHED FOR, AND {'OVER' if Age.OVER in ages else 'TOO EARLY'}"
        click.secho(words, fg="green" if counts else "red", bold=True)
        print_parts(parts)
        if not bundle.trust().acceptance.accept:
            output.warn("no issuer is accepted: the bundle's acceptance has no accept line")
    return 0 if counts else 1
