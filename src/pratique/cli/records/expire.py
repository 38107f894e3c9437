"""`pratique records expire`: delete what must not be kept any more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import options, output

if TYPE_CHECKING:
    from datetime import datetime


@click.command(
    epilog=options.examples(
        "pratique records expire desk.records", "pratique records expire desk.records --at 2026-12-01T00:00:00Z"
    )
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path, exists=True))
@options.at_option
def command(*, files: tuple[Path, ...], at: datetime | None) -> None:
    """Delete every record whose time is over, and every line that is no record. Run it every hour.

    Verifications may go on meanwhile. A file in which no line is a record is left as it is.
    """
    from pratique.record_file import expire  # noqa: PLC0415 - `--help` needs none of the library

    for file in files:
        done = expire(file, at or options.now())
        also = f"; lines that were no record, deleted: {done.unreadable}" if done.unreadable else ""
        click.echo(f"{output.safe(str(file))}: {done.deleted} deleted, {done.kept} kept{also}")
