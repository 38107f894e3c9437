"""`pratique trust import`: an unsigned trust list of what a network publishes, for a person to review."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options, output
from pratique.cli.trust import arguments
from pratique.cli.trust.arguments import FORMATS, Country
from pratique.cli.trust.documents import existing, save

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.trust.importers import Imported

_NETWORKS: Final = ("gdhcn", "did-web", "eu-dcc", "icao", "vci", "single")
_SHOWN: Final = 20  # remarks, unless all are asked for


@click.command(
    epilog=options.examples(
        "pratique trust import gateway.json --id world --out world.trust.json",
        "pratique trust import who-did.json --into world.trust.json --signer who.pem",
        "pratique trust import masterlist.ml --network icao --id csca --out csca.trust.json --all",
        "pratique trust import ministry.pem --network single --country UTO --format pratique "
        "--issuer https://health.example --id bilateral --out bilateral.trust.json",
        "pratique trust import january.pem --network single --country UTO --format pratique "
        "--issuer https://health.example --not-before 2027-01-01 --not-after 2027-02-01 --into world.trust.json",
        "pratique trust import lists.pem --network single --country UTO --format token-status-list "
        "--issuer https://health.example --status-list https://health.example/status/ --into world.trust.json",
    )
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--network",
    type=click.Choice(_NETWORKS),
    metavar="NAME",
    help=f"Whose publication it is: {', '.join(_NETWORKS)}.  [default: by what it looks like]",
)
@click.option("--id", "list_id", metavar="ID", help="Name of the list that is made.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File for a new list, such as world.trust.json."
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="LIST",
    help="List to put the issuers into; what is on it stays.",
)
@click.option(
    "--signer",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="CERTIFICATE|KEY",
    help="Whose signature the publication must bear.",
)
@click.option(
    "--signature",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Signature that came in a file of its own.",
)
@click.option(
    "--in-use",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Identifiers of the keys in use, a JSON array of base64 as /signercertificateStatus has it; others stay out.",
)
@click.option("--country", type=Country(), metavar="CODE", help="Country of a single issuer.")
@click.option("--format", "format_", type=click.Choice(FORMATS), metavar="FORMAT", help="What its keys sign.")
@click.option("--issuer", metavar="ID", help="Identifier of a single issuer, as its credentials name it.")
@click.option("--name", metavar="TEXT", help="Its name, for people.")
@arguments.key_id_option
@arguments.key_name_option
@arguments.kinds_option
@arguments.targets_option
@arguments.not_before_option
@arguments.not_after_option
@arguments.status_list_option
@arguments.due_option
@arguments.ends_option
@click.option("--all", "show_all", is_flag=True, help="Show every remark, and not only the first of each kind.")
@click.option("--json", "as_json", is_flag=True, help="Print what was verified and remarked as JSON.")
@options.at_option
@options.force_option
def command(  # noqa: PLR0913 - one for each option
    *,
    file: Path,
    network: str | None,
    list_id: str | None,
    out: Path | None,
    into: Path | None,
    signer: Path | None,
    signature: Path | None,
    in_use: Path | None,
    country: str | None,
    format_: str | None,
    issuer: str | None,
    name: str | None,
    key_id: str | None,
    key_name: str | None,
    kinds: frozenset[str] | None,
    targets: frozenset[str] | None,
    not_before: datetime | None,
    not_after: datetime | None,
    status_lists: tuple[str, ...],
    due: int,
    ends: int,
    show_all: bool,
    as_json: bool,
    at: datetime | None,
    force: bool,
) -> int:
    """Make a trust list of what a network publishes, or put it into one, for a person to review and sign.

    It says what it verified of the publication and what it could not, and remarks on every entry that is expired,
    damaged or odd; none of them stops the rest. Review the list with `trust diff`, sign it with `trust sign`.

    Exit code 1 where no key could be used.
    """
    from pratique.errors import TrustError  # noqa: PLC0415
    from pratique.trust.entries import Limits, renewed  # noqa: PLC0415
    from pratique.trust.importers import Instructions, import_  # noqa: PLC0415
    from pratique.trust.importers.single import read_material  # noqa: PLC0415
    from pratique.trust.merge import merged  # noqa: PLC0415

    if (into is None) == (out is None) or (into is None) != (list_id is not None):
        raise click.UsageError("give --id and --out for a new list, or --into for one that is there")
    if due > ends:
        raise click.UsageError("--due is later than --ends")
    moment = at or options.now()
    instructions = Instructions(
        at=moment,
        signer=None if signer is None else read_material(options.read_small(signer)),
        signature=None if signature is None else options.read_small(signature),
        issuer=issuer,
        country=country,
        name=name,
        format_=format_,
        key_id=arguments.key_id(key_id, key_name),
        limits=Limits(kinds=kinds, targets=targets, not_before=not_before, not_after=not_after),
    )
    try:
        imported = import_(file.read_bytes(), instructions, network)
    except TrustError as error:
        if country is None and not error.hint:
            error.hint = (
                "for a single issuer give --issuer and --country, and for keys alone --format; "
                "for authorities (CSCA) --network icao"
            )
        raise
    if status_lists:
        imported = _publishing(imported, status_lists)
    if in_use is not None:
        imported = imported.of(_key_ids(in_use))
    next_update, expires_at = moment + timedelta(days=due), moment + timedelta(days=ends)
    if into is None:
        document = imported.trust_list(
            list_id or "", sequence=1, issued_at=moment, next_update=next_update, expires_at=expires_at
        )
    else:
        before = renewed(existing(into, "trust-list"), at=moment, next_update=next_update, expires_at=expires_at)
        document = merged(before, imported.issuers)
    target = out or into or file
    save(target, document, force=force or into is not None)
    if as_json:
        output.print_json(_view(imported))
    else:
        _print(imported, show_all=show_all)
    keys = sum(len(each["keys"]) for each in imported.issuers)
    issuers = output.counted(len(imported.issuers), "issuer")
    output.note(f"{target}: now has {issuers} with {output.counted(keys, 'key')} of {imported.network}.")
    return 0 if keys else 1


def _publishing(imported: Imported, addresses: tuple[str, ...]) -> Imported:
    """Return what was imported with the addresses of status lists. Raises: UsageError: they are of several issuers."""
    from pratique.trust.entries import with_status_lists  # noqa: PLC0415

    if len(imported.issuers) > 1:
        raise click.UsageError("--status-list is for a single issuer")
    issuers = [dict(issuer) for issuer in imported.issuers]
    for issuer in issuers:
        with_status_lists(issuer, addresses)
    return replace(imported, issuers=tuple(issuers))


def _key_ids(file: Path) -> frozenset[bytes]:
    """Return the key identifiers in a file. Raises: UsageError: it is no JSON array of base64."""
    import base64  # noqa: PLC0415
    import binascii  # noqa: PLC0415

    from pratique.codec import json  # noqa: PLC0415
    from pratique.trust.importers.base import MAX_SOURCE_BYTES  # noqa: PLC0415

    document = json.decode(options.read_document(file), limit=MAX_SOURCE_BYTES)
    try:
        return frozenset(base64.b64decode(item, validate=True) for item in document)
    except (TypeError, ValueError, binascii.Error):
        raise click.UsageError(f"{file} is not a JSON array of key identifiers in base64") from None


def _print(imported: Imported, *, show_all: bool) -> None:
    for heading, sentences in (("Verified", imported.verified), ("Not verified", imported.unverified)):
        if sentences:
            output.heading(heading)
            for sentence in sentences:
                output.paragraph(f"- {sentence}", indent=2)
    if not imported.remarks:
        return
    output.heading("Remarks")
    counts = imported.counts()
    for code in sorted(counts, key=lambda code: -counts[code]):
        remarks = [remark for remark in imported.remarks if remark.code is code]
        left_out = sum(remark.left_out for remark in remarks)
        click.echo(f"  {len(remarks):5}  {code.value}  {code.meaning}{f' Left out: {left_out}.' if left_out else ''}")
        for remark in remarks if show_all else remarks[:_SHOWN] if len(counts) == 1 else remarks[:1]:
            click.echo(f"         {output.safe(f'{remark.where}: {remark.detail}')}")
    if not show_all and len(imported.remarks) > len(counts):
        click.echo("  (--all shows every one)")


def _view(imported: Imported) -> dict[str, Any]:
    return {
        "network": imported.network,
        "issuers": len(imported.issuers),
        "keys": sum(len(issuer["keys"]) for issuer in imported.issuers),
        "verified": list(imported.verified),
        "unverified": list(imported.unverified),
        "remarks": [
            {"where": each.where, "code": each.code.value, "detail": each.detail, "left_out": each.left_out}
            for each in imported.remarks
        ],
    }
