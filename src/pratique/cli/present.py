"""`pratique present`: the holder's side: see what can be shown, show a part of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pratique.cli import cards, options, output
from pratique.cli.request.arguments import Asked, read_verifiers

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.present import HeldCredential
    from pratique.request import SignedRequest
    from pratique.trust.root import Root

EXIT_REFUSED: Final = 1


@click.command(
    epilog=options.examples(
        "pratique present held.pq1 --list",
        "pratique present held.pq1 --qr card.png",
        "pratique present held.pq1 --show event.date --show event.product --terminal",
        "pratique present held.pq1 --show holder | pratique verify -",
        "pratique present held.pq1 --rules entry.json --qr card.png",
        "pratique present held.pq1 --request request.png --rules entry.json --verifiers verifiers.json --terminal",
    )
)
@click.argument("held_file", metavar="HELD.pq1|PICTURE|-")
@options.show_option
@options.rules_option
@click.option("--request", "asked", type=Asked(), metavar="TEXT|FILE", help="A verifier's request: text or picture.")
@options.verifiers_option
@options.optional_root_option
@click.option(
    "--holder-key",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="PEM",
    help="Private key that the credential is bound to; it signs the answer to a request.",
)
@options.password_option
@options.at_option
@click.option("--list", "as_list", is_flag=True, help="List what can be shown; it is printed for the holder's eyes.")
@cards.out_options
def command(  # noqa: PLR0913 - one for each option
    *,
    held_file: str,
    show: tuple[str, ...],
    rules_path: Path | None,
    asked: SignedRequest | None,
    verifiers_path: Path | None,
    root: Root | None,
    key_file: Path | None,
    password: bytes | None,
    at: datetime | None,
    as_list: bool,
    out: Path | None,
    qr: Path | None,
    terminal: bool,
    force: bool,
) -> int:
    """Show a part of a credential: what is always shown, and beyond it what is chosen, nothing else.

    It is chosen by hand (--show), by a destination's entry rules (--rules), which take the least that makes them hold,
    or by a verifier's request (--request), which must be by one of --verifiers and may ask for no more than its rules
    read. Without --out, --qr and --terminal the QR text goes to stdout. No network is used.

    The picture of a code on paper will do; it shows no more than that code does.

    Exit code 1 where the request is refused or the rules cannot be met: then nothing is shown.
    """
    from pratique.cli.sources import one  # noqa: PLC0415 - `--help` needs none of the library
    from pratique.cose.keys import PrivateKey  # noqa: PLC0415
    from pratique.present import HeldCredential  # noqa: PLC0415
    from pratique.qr.text import PREFIX  # noqa: PLC0415

    if asked is not None and (rules_path is None or verifiers_path is None):
        raise click.UsageError("--request needs --rules and --verifiers: what it is held against")
    if key_file is not None and asked is None:
        raise click.UsageError("--holder-key signs the answer to a request: give --request")
    if as_list and (show or rules_path is not None):
        raise click.UsageError("--list says what can be shown, and shows none of it: leave out what chooses")
    if show and rules_path is not None:
        raise click.UsageError("give --show or --rules: claims are chosen by hand or by rules")
    held = HeldCredential.from_text(one(held_file, PREFIX))
    if as_list:
        _list(held)
        return 0
    if rules_path is None:
        text: str | None = held.present(disclose=show)
    else:
        from pratique.cli.answer import Answering  # noqa: PLC0415 - who chooses by hand needs no rules

        key = None if key_file is None else PrivateKey.from_pem(options.read_small(key_file), password)
        answering = Answering(held, options.read_rules(rules_path, root), at or options.now(), key)
        if asked is None or verifiers_path is None:
            text = answering.to_rules()
        else:
            text = answering.to_request(asked, read_verifiers(verifiers_path, root))
    if text is None:
        return EXIT_REFUSED
    cards.put_out(text, out=out, qr=qr, terminal=terminal, force=force)
    return 0


def _list(held: HeldCredential) -> None:
    """Print what is always shown, and what this copy can show beyond it, with its values."""
    from pratique.cli.claims import always_rows, value_text  # noqa: PLC0415

    credential = held.credential
    output.paragraph("Nothing here is verified: it is what the copy says. To verify it: pratique verify.")
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
