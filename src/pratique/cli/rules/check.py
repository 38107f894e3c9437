"""`pratique rules check`: whether rule sets can be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import options, output
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.trust.root import Root


@click.command(epilog=options.examples("pratique rules check entry.json", "pratique rules check rules/*.json"))
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@options.optional_root_option
@options.at_option
def command(*, files: tuple[Path, ...], root: Root | None, at: datetime | None) -> int:
    """Check rule sets: the form, each rule's logic, and that every variable that it reads exists.

    Exit code 1 where one cannot be used.
    """
    errors = 0
    for file in files:
        try:
            rule_set = options.read_rules(file, root)
        except PratiqueError as error:
            errors += 1
            click.echo(f"{output.safe(str(file))}: {click.style('error', fg='red')}: {output.safe(str(error))}")
            continue
        moment = at or options.now()
        state = "in force" if rule_set.is_in_force(moment) else "NOT in force now"
        times = f"{rule_set.valid_from:%Y-%m-%d} to {rule_set.valid_to:%Y-%m-%d}"
        click.echo(
            f"{output.safe(str(file))}: in order: {rule_set.id} {rule_set.edition}, "
            f"{output.counted(len(rule_set.rules), 'rule')}, {times}, {state}"
        )
        click.echo(f"  SHA-256 {rule_set.sha256.hex()}")
    return 1 if errors else 0
