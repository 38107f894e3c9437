"""`pratique trust update`: a newer list or root, from a file or an address that the operator names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import options, output
from pratique.cli.fetched import ca_option, read

if TYPE_CHECKING:
    from datetime import datetime


@click.command(
    epilog=options.examples(
        "pratique trust update world.trust.cose --trust kiosk/trust",
        "pratique trust update https://trust.example/world.trust.cose --list world",
    )
)
@click.argument("sources", nargs=-1, required=True, metavar="FILE|ADDRESS...")
@click.option("--list", "list_id", metavar="ID", help="Which list it should be.")
@click.option(
    "--trust",
    "trust_path",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder that takes it in.  [default: the user's own folder]",
)
@ca_option
@options.at_option
def command(
    *,
    sources: tuple[str, ...],
    list_id: str | None,
    trust_path: Path | None,
    ca_path: Path | None,
    at: datetime | None,
) -> int:
    """Take signed trust lists and roots into a trust folder: from files, or from https addresses.

    This and `status fetch` are the only commands that open a connection, and only to the addresses given. Older
    editions, lists that ended, other lists than expected and too few signatures are refused, and the folder stays as it
    was.

    Exit code 1 where one was refused.
    """
    from pratique.errors import PratiqueError  # noqa: PLC0415
    from pratique.trust.folder import ROOT_FILE, STATE_FILE  # noqa: PLC0415
    from pratique.trust.repository import Repository  # noqa: PLC0415
    from pratique.trust.signed import MAX_DOCUMENT_BYTES  # noqa: PLC0415

    folder = trust_path or options.default_trust()
    if not any((folder / name).exists() for name in (ROOT_FILE, STATE_FILE)):
        raise click.UsageError(f"no root is pinned in {folder}: pratique trust pin ROOT --trust {folder}")
    repository = Repository.open(folder)
    refused = 0
    for source in sources:
        try:
            taken = repository.update(
                read(source, limit=MAX_DOCUMENT_BYTES, ca_path=ca_path), at=at or options.now(), expect=list_id
            )
        except PratiqueError as error:
            output.complain(f"{source}: {error}", error.hint)
            refused += 1
            continue
        edition = "version" if taken.kind == "root" else "edition"
        state = "taken in" if taken.is_new else "was here already"
        output.note(f"{taken.kind} {taken.id}, {edition} {taken.number}: {state}")
    return 1 if refused else 0
