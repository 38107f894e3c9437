"""`pratique request allow`: a verifier that a traveller, or the keeper of a wallet's list, lets ask."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output
from pratique.cli.trust.arguments import Country

if TYPE_CHECKING:
    from datetime import datetime


@click.command(
    epilog=options.examples(
        "pratique request allow border.pub.pem --list verifiers.json --verifier https://border.example "
        '--name "Border of Utopia" --country UTO --purpose entry',
        "pratique request allow clinic.jwk --list verifiers.json --verifier https://clinic.example "
        "--country UTO --purpose care --keep P30D",
    )
)
@click.argument("key_file", metavar="KEY", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--list",
    "list_file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="List to put it on, in JSON; made where it is not there.",
)
@click.option("--verifier", required=True, metavar="ID", help="Identifier that stands in its requests.")
@click.option("--name", metavar="TEXT", help="What to call it.  [default: its identifier]")
@click.option("--country", required=True, type=Country(), help="State that vouches for it: AT or AUT.")
@click.option(
    "--purpose", "purposes", required=True, multiple=True, metavar="CODE", help="What it may ask for. May be repeated."
)
@click.option(
    "--keep",
    default="P0D",
    show_default=True,
    metavar="PnD|PTnH",
    help="How long it may keep what it is shown, in days or hours.",
)
@click.option(
    "--ends", type=click.IntRange(1, 3650), metavar="DAYS", help="Days until the list ends.  [default: never]"
)
@options.at_option
def command(  # noqa: PLR0913 - one for each option
    *,
    key_file: Path,
    list_file: Path,
    verifier: str,
    name: str | None,
    country: str,
    purposes: tuple[str, ...],
    keep: str,
    ends: int | None,
    at: datetime | None,
) -> int:
    """Put a verifier on a list of verifiers, with its public key (PEM, JWK, COSE_Key), or give it one more.

    A wallet answers nobody who is not on its list. Check by another way that the key is really theirs. A list for many
    wallets is signed with `pratique trust sign`, and has to end.
    """
    from pratique.cli.trust.documents import existing, save  # noqa: PLC0415
    from pratique.model.dates import rfc3339  # noqa: PLC0415
    from pratique.request import VerifierList  # noqa: PLC0415

    key = _public_key(key_file)
    moment = at or options.now()
    document: dict[str, Any] = existing(list_file, "verifier-list") or {"id": "verifiers", "sequence": 0}
    others = [entry for entry in document.get("verifiers", []) if entry.get("id") != verifier]
    keys = [held for entry in document.get("verifiers", []) if entry not in others for held in entry["keys"]]
    entry = {
        "id": verifier,
        "country": country,
        "names": {"en": name or verifier},
        "keys": [*(held for held in keys if held["public_key"] != key.jwk), {"public_key": key.jwk}],
        "purposes": sorted(set(purposes)),
        "max_retention": keep,
    }
    document |= {
        "sequence": document["sequence"] + 1,
        "issued_at": rfc3339(moment),
        "verifiers": [*others, entry],
        **({} if ends is None else {"expires_at": rfc3339(moment + timedelta(days=ends))}),
    }
    for aside in VerifierList.from_json(document).set_aside:
        if aside.where == f"verifiers/{len(others)}":
            raise aside.error
    save(list_file, document)
    output.note(f"{list_file}: {verifier} may ask for {', '.join(entry['purposes'])}, by key {key.key_id.hex()}.")
    return 0


def _public_key(file: Path) -> Any:
    from pratique.cose.keys import PublicKey  # noqa: PLC0415
    from pratique.trust.importers.single import read_material  # noqa: PLC0415

    material = read_material(options.read_small(file))
    if not isinstance(material, PublicKey):
        raise click.UsageError(f"{file} is a certificate; a verifier is listed by its public key")
    return material
