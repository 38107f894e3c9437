"""`pratique trust pin`: the root that a trust folder goes by."""

from __future__ import annotations

from pathlib import Path

import click

from pratique.cli import options, output
from pratique.cli.trust.root import rows


@click.command(epilog=options.examples("pratique trust pin root.json --trust kiosk/trust"))
@click.argument("file", metavar="ROOT", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--trust",
    "trust_path",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder to pin it in, made where it is not there.  [default: the user's own folder]",
)
def command(*, file: Path, trust_path: Path | None) -> int:
    """Pin a root in a trust folder: from then on `trust update` takes in lists that its keepers signed.

    Compare the key identifiers with those that you got by another way. What is pinned is replaced only by a root that
    follows it.
    """
    from pratique.trust.repository import Repository  # noqa: PLC0415

    root = options.read_root(file)
    folder = trust_path or options.default_trust()
    Repository.create(folder, root)
    output.pairs(rows(root), indent=0)
    output.note(f"pinned in {folder}; now: pratique trust update LIST --trust {folder}")
    if not (folder / "acceptance.json").exists():
        output.note(f"nobody is accepted until {folder / 'acceptance.json'} says so, such as " + '{"accept": [{}]}')
    return 0
