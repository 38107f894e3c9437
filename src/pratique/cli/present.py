"""`pratique present`: the holder's side: see what can be shown, show a part of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import cards, options, output

if TYPE_CHECKING:
    from pratique.present import HeldCredential


@click.command(
    epilog=options.examples(
        "pratique present held.pq1 --list",
        "pratique present held.pq1 --qr card.png",
        "pratique present held.pq1 --show event.date --show event.product --terminal",
        "pratique present held.pq1 --show holder | pratique verify -",
    )
)
@click.argument("held_file", metavar="HELD.pq1|-")
@options.show_option
@click.option("--list", "as_list", is_flag=True, help="List what can be shown; it is printed for the holder's eyes.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="File for the QR text.")
@click.option("--qr", type=cards.Picture(), metavar="FILE", help="Picture of the QR code (.png, .svg).")
@click.option("--terminal", is_flag=True, help="Draw the QR code here.")
@options.force_option
def command(  # noqa: PLR0913 - one for each option
    *,
    held_file: str,
    show: tuple[str, ...],
    as_list: bool,
    out: Path | None,
    qr: Path | None,
    terminal: bool,
    force: bool,
) -> int:
    """Show a part of a credential: what is always shown, and the claims that --show names, nothing else.

    Nothing is signed anew, and no network is used. Without --out, --qr and --terminal the QR text goes to stdout.
    """
    from pratique.present import HeldCredential  # noqa: PLC0415 - `--help` needs none of the library

    data = sys.stdin.buffer.read(options.MAX_SMALL_FILE) if held_file == "-" else options.read_small(Path(held_file))
    held = HeldCredential.from_text(data.decode("ascii", "replace"))
    if as_list:
        _list(held)
        return 0
    text = held.present(disclose=show)
    if out is not None:
        output.write_new(out, f"{text}\n".encode(), force=force)
    if qr is not None:
        output.write_new(qr, cards.draw(text, qr.suffix), force=force)
    if terminal:
        from pratique.qr import render  # noqa: PLC0415 - only those who draw pay for it

        click.echo(render.terminal(text), nl=False, color=True)
    elif out is None and qr is None:
        click.echo(text)
    return 0


def _list(held: HeldCredential) -> None:
    """Print what is always shown, and what this copy can show beyond it, with its values."""
    from pratique.cli.claims import always_rows, value_text  # noqa: PLC0415

    credential = held.credential
    output.heading("Always shown")
    output.pairs(always_rows(credential))
    output.heading("Can be shown, each with --show")
    places = {"event": credential.evidence[0], "holder": credential.holder}
    rows = []
    for name in held.disclosable:
        place, _, claim = name.partition(".")
        rows.append((name, value_text(claim, getattr(places[place], claim))))
    output.pairs(rows)
    if not rows:
        click.echo("  nothing more")
    if not held.is_complete:
        click.echo("  (this copy does not open every claim: ask the issuer for the full one)")
