"""`pratique trust withdraw`: a key that leaked or was replaced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import options, output
from pratique.cli.trust import arguments
from pratique.cli.trust.documents import existing, save

if TYPE_CHECKING:
    from datetime import datetime


@click.command(
    epilog=options.examples(
        "pratique trust withdraw world.trust.json --issuer https://health.example --key-id 0f4c2a9be1d37785 "
        "--reason compromise",
        "pratique trust withdraw world.trust.json --issuer eu-dcc:AUT --key-id d919375fc1e7b6b2 --reason superseded "
        "--since 2026-11-01",
    )
)
@click.argument("file", metavar="LIST", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--issuer", required=True, metavar="ID", help="Identifier of the issuer on the list.")
@click.option("--key-id", metavar="HEX", help="Identifier of the key.")
@arguments.key_name_option
@click.option(
    "--reason",
    required=True,
    type=click.Choice(["compromise", "superseded"]),
    help="compromise: nothing that it ever signed counts. superseded: what was issued before still does.",
)
@click.option("--since", type=options.Moment(), metavar="TIME", help="From when on.  [default: now]")
@options.at_option
def command(  # noqa: PLR0913 - one for each option
    *,
    file: Path,
    issuer: str,
    key_id: str | None,
    key_name: str | None,
    reason: str,
    since: datetime | None,
    at: datetime | None,
) -> int:
    """Mark a key of a trust list in JSON as withdrawn; the list's sequence goes up by one. The key stays listed.

    Sign the new edition with `trust sign`, and ship it: until a verifier has it, it goes by the one before.
    """
    from pratique.trust.entries import with_withdrawal  # noqa: PLC0415
    from pratique.trust.trust_list import WithdrawalReason  # noqa: PLC0415

    identifier = arguments.key_id(key_id, key_name)
    if identifier is None:
        raise click.UsageError("--key-id or --key-name is needed")
    document = with_withdrawal(
        existing(file, "trust-list"),
        issuer=issuer,
        key_id=identifier,
        reason=WithdrawalReason(reason),
        at=at or options.now(),
        since=since,
    )
    save(file, document)
    output.note(f"{file}: key {output.key_id(identifier)} of {issuer} is withdrawn ({reason}).")
    output.note(f"It is edition {document['sequence']} now: sign it with pratique trust sign, and ship it.")
    return 0
