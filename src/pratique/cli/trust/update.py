"""`pratique trust update`: newer lists, roots and status lists, from files or addresses that the operator names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output
from pratique.cli.fetched import ca_option, read
from pratique.errors import PratiqueError, TrustError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pratique.trust import TrustStore


@click.command(
    epilog=options.examples(
        "pratique trust update world.trust.cose --trust kiosk/trust",
        "pratique trust update https://trust.example/world.trust.cose --list world",
        "pratique trust update https://health.example/status/1 --status kiosk/status --trust kiosk/trust",
        "pratique trust update --again --status kiosk/status --trust kiosk/trust",
    )
)
@click.argument("sources", nargs=-1, metavar="FILE|ADDRESS...")
@click.option("--list", "list_id", metavar="ID", help="Which trust list it should be.")
@click.option(
    "--trust",
    "trust_path",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder that takes trust lists and roots in.  [default: the user's own folder]",
)
@click.option(
    "--status",
    "status_path",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder that takes status lists in, made where it is not there.",
)
@click.option("--again", is_flag=True, help="With --status: every list that it holds, too, from its own address.")
@ca_option
@click.option("--json", "as_json", is_flag=True, help="Print what was done with each as JSON, one line each.")
@options.at_option
def command(  # noqa: PLR0913 - one for each option
    *,
    sources: tuple[str, ...],
    list_id: str | None,
    trust_path: Path | None,
    status_path: Path | None,
    again: bool,
    ca_path: Path | None,
    as_json: bool,
    at: datetime | None,
) -> int:
    """Take signed trust lists, roots and status lists in: from files, or from https addresses.

    This is the only command that opens a connection, and only to the addresses given. Older editions, lists that ended,
    other lists than expected, too few signatures, and status lists that no issuer with lists at their address signed
    are refused, and the folders stay as they were.

    Fetch the status lists of all issuers that are accepted, at fixed hours, so that a fetch says nothing about a
    traveller.

    Exit code 1 where one was refused.
    """
    from pratique.trust.signed import MAX_DOCUMENT_BYTES, is_signed  # noqa: PLC0415

    if again and status_path is None:
        raise click.UsageError("--again needs --status: the folder of the lists")
    if not sources and not again:
        raise click.UsageError("give files or addresses, or --again for those of the status lists at hand")
    moment = at or options.now()
    folder = trust_path or options.default_trust()
    if again and status_path is not None:
        sources = (*dict.fromkeys((*sources, *_addresses(status_path))),)
    refused = 0
    trust: TrustStore | None = None  # by which status lists count; a list that is taken in changes it
    for source in sources:
        try:
            data = read(source, limit=MAX_DOCUMENT_BYTES, ca_path=ca_path)
            if is_signed(data) or status_path is None:
                done = _take(data, folder, moment, list_id)
                trust = None
            else:
                if trust is None:
                    trust, advice = options.load_trust(trust_path)
                    output.advise(advice)
                done = _take_status(data, status_path, trust, moment)
        except PratiqueError as error:
            refused += 1
            if as_json:
                done = output.error_view(error)
            else:
                output.complain(f"{output.named(source)}: {error}", error.hint)
                continue
        if as_json:
            output.print_json({"source": output.named(source), **done}, indent=None)
        else:
            output.note(_in_words(done))
    return 1 if refused else 0


def _take(data: bytes, folder: Path, at: datetime, list_id: str | None) -> dict[str, Any]:
    """Take a trust list or a root in, and return what was done."""
    from pratique.trust.folder import ROOT_FILE, STATE_FILE  # noqa: PLC0415
    from pratique.trust.repository import Repository  # noqa: PLC0415
    from pratique.trust.signed import is_signed  # noqa: PLC0415

    if not any((folder / name).exists() for name in (ROOT_FILE, STATE_FILE)):
        raise click.UsageError(f"no root is pinned in {folder}: pratique trust pin ROOT --trust {folder}")
    if not is_signed(data):
        hint = "a list or root of one's own is signed with pratique trust sign; a status list needs --status FOLDER"
        raise TrustError(Reason.TRUST_LIST_INVALID, "it is no signed trust list and no signed root", hint=hint)
    taken = Repository.open(folder).update(data, at=at, expect=list_id)
    return {"kind": taken.kind, "id": taken.id, "number": taken.number, "is_new": taken.is_new}


def _take_status(data: bytes, folder: Path, trust: TrustStore, at: datetime) -> dict[str, Any]:
    """Take a status list in, and return what was done."""
    from pratique import files  # noqa: PLC0415
    from pratique.model.dates import rfc3339  # noqa: PLC0415
    from pratique.status import StatusStore  # noqa: PLC0415
    from pratique.status.revocation_folder import LOCK_FILE  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    with files.locked(folder / LOCK_FILE):
        taken = StatusStore.load(folder).add(data, keys=trust, at=at)
    ending = {} if taken.expires_at is None else {"expires_at": rfc3339(taken.expires_at)}
    return {"kind": "status list", "uri": taken.uri, "issued_at": rfc3339(taken.issued_at), **ending}


def _in_words(done: Mapping[str, Any]) -> str:
    if "uri" in done:
        return f"{done['uri']}: issued {done['issued_at']}" + (
            f", ends {end}" if (end := done.get("expires_at")) else ""
        )
    edition = "version" if done["kind"] == "root" else "edition"
    state = "taken in" if done["is_new"] else "was here already"
    return f"{done['kind']} {done['id']}, {edition} {done['number']}: {state}"


def _addresses(folder: Path) -> list[str]:
    """Return the addresses of the status lists in a folder."""
    from pratique.status import StatusStore  # noqa: PLC0415

    return [each.uri for each in StatusStore.load(folder).lists]
