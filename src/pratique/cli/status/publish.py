"""`pratique status publish`: the list as it is now, signed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import options, output, signers
from pratique.model.dates import rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.cose.pkcs11_uri import Pkcs11Uri


@click.command(
    epilog=options.examples(
        "pratique status publish register/ --key lists.pem --out www/status/1",
        "pratique status publish register/ --key lists.pem --out www/status/1.jwt --format jwt --ttl 6 --ends 36",
    )
)
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False, exists=True))
@signers.key_option("that stands on trust lists for token-status-list")
@signers.password_option
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File for the list; an earlier list in it is replaced in one move.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["cwt", "jwt"]),
    default="cwt",
    show_default=True,
    help="The form, for a server as application/statuslist+cwt or +jwt.",
)
@click.option(
    "--ttl",
    type=click.IntRange(1, 24 * 365),
    default=12,
    show_default=True,
    metavar="HOURS",
    help="After which verifiers should fetch it anew.",
)
@click.option(
    "--ends",
    type=click.IntRange(1, 24 * 365),
    default=48,
    show_default=True,
    metavar="HOURS",
    help="After which nobody relies on it; a next one is out well before.",
)
@options.at_option
def command(  # noqa: PLR0913 - one for each option
    *,
    folder: Path,
    key: Path | Pkcs11Uri,
    password: bytes | None,
    out: Path,
    form: str,
    ttl: int,
    ends: int,
    at: datetime | None,
) -> int:
    """Sign the status list as it is now, for whoever asks for its address.

    Publish at fixed hours, whether something changed or not: a list that appears right after a revocation tells when it
    was. Any web server will do, also one that you do not trust.
    """
    from pratique.status import Register  # noqa: PLC0415 - `--help` needs none of the library

    if ttl > ends:
        raise click.UsageError("--ttl is longer than --ends")
    signer = signers.open_signer(key, password)
    with Register.open(folder) as register:
        token = register.token(
            at=at or options.now(), valid_for=timedelta(hours=ends), time_to_live=timedelta(hours=ttl)
        )
    try:
        data = token.to_cwt(signer) if form == "cwt" else token.to_jwt(signer)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    output.write_new(out, data, force=True)
    ending = "" if token.expires_at is None else f", ends {rfc3339(token.expires_at)}"
    output.note(f"{out}: the list of {token.uri}, {len(data):,} bytes, issued {rfc3339(token.issued_at)}{ending}")
    return 0
