"""`pratique status allocate`: places on the list, for credentials that are about to be issued."""

from __future__ import annotations

from pathlib import Path

import click

from pratique.cli import options, output


@click.command(
    epilog=options.examples(
        "pratique status allocate register/",
        "pratique status allocate register/ --count 500 > indices.txt",
        "pratique issue claims.json --key issuer.pem --status-uri https://health.example/status/1 --status-index 4711",
    )
)
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--count", type=click.IntRange(1, 10_000_000), default=1, show_default=True, metavar="N", help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="Print address and places as JSON.")
def command(*, folder: Path, count: int, as_json: bool) -> int:
    """Give out places on the list, drawn at random from those that are free, and print one a line.

    Each goes into one credential and is never given out again. Keep with your own records which has which: to revoke it
    you need the number.
    """
    from pratique.status import Register  # noqa: PLC0415 - `--help` needs none of the library

    with Register.open(folder) as register:
        indices = register.allocate_many(count)
        uri, free = register.uri, register.free
    if as_json:
        output.print_json({"status_uri": uri, "status_indices": list(indices)}, indent=None)
    else:
        click.echo("\n".join(map(str, indices)))
    output.note(f"for pratique issue --status-uri {uri} --status-index; {free:,} are free")
    return 0
