"""`pratique rules example`: a ready-made rule set to begin with."""

from __future__ import annotations

import click

from pratique.cli import options

_NAMES = ("clearance", "covid-19", "polio-exit", "yellow-fever-entry")


@click.command(epilog=options.examples("pratique rules example yellow-fever-entry > entry.json"))
@click.argument("name", type=click.Choice(_NAMES))
def command(*, name: str) -> int:
    """Print a ready-made rule set, which names its sources; put your own destination and dates into it."""
    from pratique.rules import ready_made  # noqa: PLC0415

    click.echo(ready_made.text(name), nl=False)
    return 0
