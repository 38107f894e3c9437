"""`pratique records`: what a border has kept of its verifications, and deleting it in time."""

from __future__ import annotations

from typing import Final

import click

from pratique.cli.lazy import LazyGroup

_COMMANDS: Final = {
    "show": "Sum up what is kept, on what terms, and what is overdue.",
    "expire": "Delete what must not be kept any more.",
}


@click.group(cls=LazyGroup, commands_of=("pratique.cli.records", _COMMANDS))
def command() -> None:
    """Show what is kept of verifications, and delete it in time.

    A file of records (schemas/record.schema.json) is what `pratique verify --record FILE` writes: a line for each
    verification, with verdict, codes and the hour, for which purpose and by which law it is kept, and until when.
    """
