"""`pratique bundle make`: what is in an operator's folders, packed and signed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options, output, signers
from pratique.cli.trust import arguments

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.cose.pkcs11_uri import Pkcs11Uri

_FOLDER: Final[Any] = click.Path(path_type=Path, file_okay=False, exists=True)
_FILE: Final[Any] = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(
    epilog=options.examples(
        "pratique bundle make --trust trust/ --id border --sequence 4 --key keeper1.pem --out border.bundle",
        "pratique bundle make --trust trust/ --status status/ --revocation revocation/ --rules entry.json "
        "--id border --sequence 5 --due 2 --ends 7 --key keeper1.pem --key keeper2.pem --out border.bundle",
        "pratique trust sign border.bundle --key keeper2.pem",
    )
)
@click.option("--trust", "trust_path", required=True, type=_FOLDER, metavar="FOLDER", help="Trust folder.")
@click.option("--status", "status_path", type=_FOLDER, metavar="FOLDER", help="Folder of status lists.")
@click.option(
    "--revocation",
    "revocation_path",
    type=_FOLDER,
    metavar="FOLDER",
    help="Folder of revocation lists of foreign formats.",
)
@click.option(
    "--rules", "rules_paths", multiple=True, type=_FILE, metavar="FILE", help="Entry rules, in JSON. May be repeated."
)
@click.option("--id", "bundle_id", required=True, metavar="ID", help="Id of the bundle, the same for every edition.")
@click.option(
    "--sequence",
    required=True,
    type=click.IntRange(1, 2**53 - 1),
    metavar="N",
    help="Number of the edition, higher than that of the last.",
)
@arguments.due_option
@click.option(
    "--ends",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Days until the bundle ends; from then on verifiers refuse it.",
)
@signers.key_option("of a keeper of the root", multiple=True)
@signers.password_option
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The file.")
@options.at_option
@options.force_option
def command(  # noqa: PLR0913 - one for each option
    *,
    trust_path: Path,
    status_path: Path | None,
    revocation_path: Path | None,
    rules_paths: tuple[Path, ...],
    bundle_id: str,
    sequence: int,
    due: int,
    ends: int,
    keys: tuple[Path | Pkcs11Uri, ...],
    password: bytes | None,
    out: Path,
    at: datetime | None,
    force: bool,
) -> int:
    """Pack what a kiosk relies on into one signed file.

    Of the trust folder: the signed lists that count, the local lists, and acceptance.json. Whoever signs the bundle
    vouches for all of it; local lists that state no dates get those of the bundle. A list or entry that cannot be used
    is left out, and said. Acceptance, rules and revocation lists that cannot be used are an error.

    More keepers add their signatures with `trust sign`.
    """
    from pratique.packing import pack  # noqa: PLC0415 - `--help` needs none of the library
    from pratique.rules import RuleSet  # noqa: PLC0415
    from pratique.trust import signed  # noqa: PLC0415

    if due > ends:
        raise click.UsageError("--due is later than --ends")
    if out.exists() and not force:
        raise click.UsageError(f"{out} is there already; --force replaces it")
    keepers = [signers.open_signer(key, password) for key in keys]
    bundle, left_out = pack(
        bundle_id,
        sequence,
        at=at or options.now(),
        due=timedelta(days=due),
        ends=timedelta(days=ends),
        trust=trust_path,
        status=status_path,
        revocation=revocation_path,
        rules=[RuleSet.decode(path.read_bytes()) for path in rules_paths],
    )
    try:
        data = bundle.sign(keepers)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if len(data) > signed.MAX_DOCUMENT_BYTES:
        raise click.ClickException(
            f"the bundle has {len(data):,} bytes, at most {signed.MAX_DOCUMENT_BYTES:,} are read"
        )
    output.write_new(out, data, force=force)
    for aside in left_out:
        output.warn(f"left out: {aside.where}: {aside.error.detail or aside.error.code.meaning}")
    counts = {
        "trust list": len(bundle.trust_lists),
        "status list": len(bundle.status_lists),
        "revocation list": len(bundle.revocation),
        "rule set": len(bundle.rule_sets),
    }
    output.note(f"{out}: bundle {bundle.id}, sequence {sequence}, {len(data):,} bytes; it has")
    output.note("  " + ", ".join(output.counted(number, what) for what, number in counts.items()))
    output.note(f"signed by {', '.join(output.key_id(keeper.key_id) for keeper in keepers)}; see pratique bundle show")
    return 0
