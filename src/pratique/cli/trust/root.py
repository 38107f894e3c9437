"""`pratique trust root`: the keys whose owners vouch for trust lists, and how many of them must agree."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output
from pratique.cli.trust.documents import save

if TYPE_CHECKING:
    from datetime import datetime


@click.command(
    epilog=options.examples(
        "pratique trust root --id border --key a.pub.pem --key b.pub.pem --key c.pub.pem --threshold 2 --out root.json",
        "pratique trust root --after root.json --key a.pub.pem --key b.pub.pem --key d.pub.pem --threshold 2 "
        "--out root2.json",
    )
)
@click.option("--id", "root_id", metavar="ID", help="Name of the root.")
@click.option(
    "--after",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="ROOT",
    help="Root that this one follows; it keeps its name, and its version is one higher.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Public key of one keeper. May be repeated.",
)
@click.option("--threshold", required=True, type=click.IntRange(1, 32), metavar="N", help="How many keepers must sign.")
@click.option("--list", "lists", multiple=True, metavar="ID", help="List or bundle it may vouch for.  [default: any]")
@click.option(
    "--ends",
    "days",
    type=click.IntRange(1, 3650),
    default=365,
    show_default=True,
    metavar="DAYS",
    help="Days until it ends.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File for the root, in JSON."
)
@options.at_option
@options.force_option
def command(  # noqa: PLR0913 - one for each option
    *,
    root_id: str | None,
    after: Path | None,
    keys: tuple[Path, ...],
    threshold: int,
    lists: tuple[str, ...],
    days: int,
    out: Path,
    at: datetime | None,
    force: bool,
) -> int:
    """Make a root of the keepers' public keys: whoever verifies pins it.

    Send it to verifiers by a way that they trust. To replace it later, make one with --after, have it signed with
    `trust sign` by as many keepers of the old one and of the new one as each demands, and take it in with
    `trust update`.
    """
    from pratique.codec import json  # noqa: PLC0415
    from pratique.cose.keys import PublicKey  # noqa: PLC0415
    from pratique.trust.importers.single import read_material  # noqa: PLC0415
    from pratique.trust.root import Root  # noqa: PLC0415

    if (root_id is None) == (after is None):
        raise click.UsageError("give --id for a first root, or --after for one that follows another")
    before = None if after is None else Root.from_json(json.decode(options.read_small(after)))
    materials = [read_material(options.read_small(key)) for key in keys]
    moment = at or options.now()
    try:
        root = Root(
            id=root_id if before is None else before.id,  # type: ignore[arg-type] # one of the two is given
            version=1 if before is None else before.version + 1,
            issued_at=moment,
            expires_at=moment + timedelta(days=days),
            threshold=threshold,
            keys=tuple(each if isinstance(each, PublicKey) else each.public_key for each in materials),
            lists=frozenset(lists) or None,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    save(out, root.to_json(), force=force)
    output.pairs(rows(root), indent=0)
    return 0


def rows(root: Any) -> list[tuple[str, str]]:
    """Return what people compare of a root, label and value."""
    return [
        ("root", f"{root.id}, version {root.version}"),
        ("counts", f"{root.issued_at:%Y-%m-%d} to {root.expires_at:%Y-%m-%d}"),
        ("must sign", f"{root.threshold} of {len(root.keys)}"),
        ("vouches for", "any list" if root.lists is None else ", ".join(sorted(root.lists))),
        *(("key", f"{key.key_id.hex()}  {key.kind}") for key in root.keys),
    ]
