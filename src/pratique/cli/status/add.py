"""`pratique status add`: revocation lists of other networks, into the folder that `verify --revocation` reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output
from pratique.cli.fetched import read_file
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pratique.cose.certificates import Certificate

_NETWORKS = ("eu-dcc", "smart-health-card", "icao-vds-nc")


@click.command(
    epilog=options.examples(
        "pratique status add batch.json --into revocation/ --complete eu-dcc",
        "pratique status add batch.cms --uploader AUT=upload-at.pem --into revocation/",
        "pratique status add vci_snapshot.json --into revocation/ --complete smart-health-card",
        "pratique status add utopia.crl --into revocation/",
    )
)
@click.argument("sources", nargs=-1, metavar="FILE...")
@click.option(
    "--into",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder of revocation lists, made where it is not there.",
)
@click.option(
    "--uploader",
    "uploaders",
    multiple=True,
    metavar="COUNTRY=FILE",
    help="Upload certificate of a state: batches of the EU gateway are CMS, signed by it. May be repeated.",
)
@click.option(
    "--complete",
    "networks",
    multiple=True,
    type=click.Choice(_NETWORKS),
    help="The lists of this network are all there, as of --at. May be repeated.",
)
@options.at_option
def command(
    *,
    sources: tuple[str, ...],
    folder: Path,
    uploaders: tuple[str, ...],
    networks: tuple[str, ...],
    at: datetime | None,
) -> int:
    """Take revocation lists of other networks into a folder: what each is, its content says.

    Hash batches of the EU gateway, as JSON or in their CMS; card revocation lists of SMART Health Cards, alone or in a
    snapshot of the VCI directory; certificate lists (DER) for seals. You vouch for where they come from, but for CMS,
    whose signature --uploader has checked, and certificate lists, which verifiers check.

    Exit code: 0 where all were taken, 1 where one was refused; then no network is noted as complete.
    """
    from pratique.status import revocation_folder  # noqa: PLC0415 - `--help` needs none of the library

    if not sources and not networks:
        raise click.UsageError("give files, or --complete")
    moment = at or options.now()
    certificates = _certificates(uploaders)
    folder.mkdir(parents=True, exist_ok=True)
    refused = taken = 0
    for source in sources:
        try:
            for where, data in _lists(source, certificates, moment):
                try:
                    revocation_folder.keep(folder, data)
                    taken += 1
                except PratiqueError as error:
                    output.complain(f"{where}: {error}", error.hint)
                    refused += 1
        except PratiqueError as error:
            output.complain(f"{output.named(source)}: {error}", error.hint)
            refused += 1
    if sources:
        output.note(f"{output.named(str(folder))}: {taken} lists taken in")
    if refused:
        return 1
    for network in networks:
        revocation_folder.keep_as_of(folder, network, moment)
        output.note(f"{network}: complete as of {moment:%Y-%m-%d %H:%M} UTC")
    return 0


def _lists(source: str, certificates: dict[str, Iterable[Certificate]], at: datetime) -> Iterator[tuple[str, bytes]]:
    """Yield the lists of a file, each with its place. Raises: PratiqueError: it is none, or cannot be read."""
    from pratique.codec import json  # noqa: PLC0415
    from pratique.status.gateway_batch import open_batch  # noqa: PLC0415
    from pratique.status.revocation_folder import MAX_FILE  # noqa: PLC0415
    from pratique.status.smart_rid import lists_of_directory  # noqa: PLC0415

    data = read_file(Path(source), limit=MAX_FILE)
    if certificates:
        yield source, open_batch(data, certificates, at=at)
        return
    document: Any = json.decode(data) if data.lstrip()[:1] == b"{" else None
    if document is None or "issuerInfo" not in document:
        yield source, data
        return
    for found in lists_of_directory(document):
        yield f"{source}, {found.get('iss')}", json.encode(found).encode()


def _certificates(uploaders: tuple[str, ...]) -> dict[str, Iterable[Certificate]]:
    from pratique.cose.certificates import Certificate  # noqa: PLC0415

    found: dict[str, list[Certificate]] = {}
    for each in uploaders:
        country, _, path = each.partition("=")
        if not path:
            raise click.UsageError("--uploader is a country and a file, such as AUT=upload-at.pem")
        found.setdefault(country, []).append(Certificate.read(options.read_small(Path(path))))
    return {**found}
