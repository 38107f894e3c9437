"""`pratique trust renew`: the next edition of a trust list, with the same issuers and keys."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import options, output
from pratique.cli.trust import arguments
from pratique.cli.trust.documents import existing, save

if TYPE_CHECKING:
    from datetime import datetime


@click.command(epilog=options.examples("pratique trust renew world.trust.json --due 7 --ends 30"))
@click.argument("file", metavar="LIST", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@arguments.due_option
@arguments.ends_option
@options.at_option
def command(*, file: Path, due: int, ends: int, at: datetime | None) -> int:
    """Make the next edition of a trust list in JSON: same content, new dates, sequence one higher.

    Sign it with `trust sign`.
    """
    from pratique.trust.entries import renewed  # noqa: PLC0415

    if due > ends:
        raise click.UsageError("--due is later than --ends")
    moment = at or options.now()
    document = renewed(
        existing(file, "trust-list"),
        at=moment,
        next_update=moment + timedelta(days=due),
        expires_at=moment + timedelta(days=ends),
    )
    save(file, document)
    output.note(f"{file}: edition {document['sequence']}, due {document['next_update']}, ends {document['expires_at']}")
    return 0
