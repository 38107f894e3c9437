"""`pratique status fetch`: whole status lists, from files or addresses, into the folder of a verifier."""

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
        "pratique status fetch https://health.example/status/1 --into status/ --trust trust/",
        "pratique status fetch --again --into status/ --trust trust/",
        "pratique status fetch stick/1.statuslist --into status/ --trust trust/",
    )
)
@click.argument("sources", nargs=-1, metavar="FILE|ADDRESS...")
@click.option(
    "--into",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder of status lists, made where it is not there.",
)
@options.trust_option
@click.option("--again", is_flag=True, help="Fetch every list that the folder holds, too, from its own address.")
@ca_option
@options.at_option
def command(  # noqa: PLR0913 - one for each option
    *,
    sources: tuple[str, ...],
    folder: Path,
    trust_path: Path | None,
    again: bool,
    ca_path: Path | None,
    at: datetime | None,
) -> int:
    """Take signed status lists into a folder: from files, or from https addresses.

    This and `trust update` are the only commands that open a connection, and only to the addresses given. Fetch the
    lists of all issuers that are accepted, at fixed hours, so that a fetch says nothing about a traveller. A list that
    no issuer with lists at its address signed is refused, and one older than that at hand.

    Exit code: 0 where all were taken, 1 where one was refused.
    """
    from pratique import files  # noqa: PLC0415 - `--help` needs none of the library
    from pratique.errors import PratiqueError  # noqa: PLC0415
    from pratique.model.dates import rfc3339  # noqa: PLC0415
    from pratique.status import StatusStore  # noqa: PLC0415
    from pratique.status.revocation_folder import LOCK_FILE  # noqa: PLC0415
    from pratique.status.token import MAX_TOKEN_BYTES  # noqa: PLC0415

    if not sources and not again:
        raise click.UsageError("give files or addresses, or --again for those of the lists at hand")
    trust, advice = options.load_trust(trust_path)
    output.advise(advice)
    folder.mkdir(parents=True, exist_ok=True)
    if again:
        sources = (*dict.fromkeys((*sources, *(each.uri for each in StatusStore.load(folder).lists))),)
    refused = 0
    for source in sources:
        try:
            data = read(source, limit=MAX_TOKEN_BYTES, ca_path=ca_path)
            with files.locked(folder / LOCK_FILE):
                taken = StatusStore.load(folder).add(data, keys=trust, at=at or options.now())
        except PratiqueError as error:
            output.complain(f"{source}: {error}", error.hint)
            refused += 1
            continue
        ending = "" if taken.expires_at is None else f", ends {rfc3339(taken.expires_at)}"
        output.note(f"{taken.uri}: issued {rfc3339(taken.issued_at)}{ending}")
    return 1 if refused else 0
