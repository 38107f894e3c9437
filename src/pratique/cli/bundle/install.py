"""`pratique bundle install`: a newer bundle for a kiosk, which takes nothing older."""

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
        "pratique bundle install border.bundle --into kiosk/ --root root.json",
        "pratique bundle install root2.cose --into kiosk/ --root root.json",
        "pratique verify card.png --bundle kiosk/ --mrz @passport.txt",
    )
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--into",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder of the kiosk, made where it is not there.",
)
@options.root_option
@click.option("--id", "bundle_id", metavar="ID", help="Id that the bundle should have.  [default: of the one at hand]")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@options.at_option
def command(  # noqa: PLR0913 - one for each option
    *, file: Path, folder: Path, root_path: Path, bundle_id: str | None, as_json: bool, at: datetime | None
) -> int:
    """Take a bundle, or the root that follows, into the folder of a kiosk.

    A bundle older than the one at hand is refused, one that has ended, one of another id, one that too few keepers
    signed, one with a part that cannot be used, and any while the clock is behind what the folder has seen; then what
    was there before still counts. What is taken replaces it at one moment or, where the power fails, not at all.

    Exit code: 0 taken, or here already, 1 refused.
    """
    from pratique import bundle_folder  # noqa: PLC0415 - `--help` needs none of the library

    root = options.read_root(root_path)
    data = options.read_document(file)
    try:
        taken = bundle_folder.take(folder, data, root=root, at=at or options.now(), expect=bundle_id)
    except PratiqueError as error:
        if as_json:
            output.print_json(output.error_view(error))
        else:
            output.complain(f"{file}: {error}", error.hint)
        return 1
    if as_json:
        output.print_json({"kind": taken.kind, "id": taken.id, "number": taken.number, "is_new": taken.is_new})
    else:
        word = "version" if taken.kind == "root" else "sequence"
        state = "taken in" if taken.is_new else "was here already"
        output.note(f"{taken.kind} {taken.id}, {word} {taken.number}: {state}")
    return 0
