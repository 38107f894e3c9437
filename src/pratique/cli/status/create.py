"""`pratique status create`: a register, empty."""

from __future__ import annotations

from pathlib import Path

import click

from pratique.cli import options, output


@click.command(
    epilog=options.examples(
        "pratique status create register/ --uri https://health.example/status/1 --size 1000000",
        "pratique status create register/ --uri https://health.example/status/2 --size 1000000 --bits 2",
    )
)
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--uri", required=True, metavar="ADDRESS", help="Address of the list, which stands in every credential on it."
)
@click.option(
    "--size",
    required=True,
    type=click.IntRange(min=8),
    metavar="N",
    help="How many places it has, a multiple of 8; many, for among many one says little.",
)
@click.option(
    "--bits",
    type=click.Choice(["1", "2", "4", "8"]),
    default="1",
    show_default=True,
    help="Of a status: 1 to revoke alone, 2 to suspend as well.",
)
@click.option("--can-be-undone", is_flag=True, help="Let what was revoked be reinstated.")
def command(*, folder: Path, uri: str, size: int, bits: str, can_be_undone: bool) -> int:
    """Make a register for a new status list, in a folder of its own.

    Keep the folder: it knows which places were given out. Who reads it learns how many credentials there are.
    """
    from pratique.status import Register  # noqa: PLC0415 - `--help` needs none of the library

    try:
        register = Register.create(folder, uri=uri, size=size, bits=int(bits), revocation_is_final=not can_be_undone)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with register:
        output.note(f"{folder}: a register of {size:,} places for {uri}; now: pratique status allocate {folder}")
    return 0
