"""`pratique trust diff`: what a reviewer must see before a new edition of a trust list is signed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from pratique.cli import options, output
from pratique.cli.trust.documents import read_list

_COLOURS: Final = {"wider": "red", "narrower": "green"}


@click.command(
    epilog=options.examples(
        "pratique trust diff published.trust.cose world.trust.json",
        "pratique trust diff /dev/null world.trust.json",
    )
)
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON, one a line.")
def command(*, old: Path, new: Path, as_json: bool) -> int:
    """Show what a new edition of a trust list changes; what widens trust comes first.

    Each of the two is a list in JSON or signed; an empty file stands for no edition before.

    Exit code: 0 where nothing differs, 1 where something does.
    """
    from pratique.trust.diff import diff  # noqa: PLC0415

    changes = diff(read_list(old) if old.read_bytes() else None, read_list(new))
    for change in changes:
        if as_json:
            output.print_json(change.view(), indent=None)
        else:
            effect = click.style(change.effect.value.ljust(8), fg=_COLOURS.get(change.effect.value))
            click.echo(f"{effect}  {output.safe(change.sentence)}")
    if not as_json:
        wider = sum(change.effect == "wider" for change in changes)
        click.echo(f"\n{len(changes)} changes, {wider} of them widen what is trusted" if changes else "no difference")
    return 1 if changes else 0
