"""What an operator names to be taken in: a file, or an https address. Nothing else opens a connection."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from pratique import files
from pratique.errors import FetchError
from pratique.reasons import Reason

_ADDRESS: Final = ("https://", "http://")  # the second is refused with a reason, and is no file

ca_option: Final = click.option(
    "--ca",
    "ca_path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Certificates (PEM) of authorities that count for addresses, in place of the system's.",
)


def read(source: str, *, limit: int, ca_path: Path | None) -> bytes:
    """Return what is in a file or at an address, with at most one byte more than the limit.

    Raises: FetchError.
    """
    if source.startswith(_ADDRESS):
        from pratique.fetch import fetch  # noqa: PLC0415 - the only place that opens a connection

        return fetch(source, limit=limit, cafile=ca_path)
    return read_file(Path(source), limit=limit)


def read_file(path: Path, *, limit: int) -> bytes:
    """Return what is in a file, with at most one byte more than the limit. Raises: FetchError: it cannot be read."""
    try:
        return files.read(path, limit)
    except OSError as error:
        raise FetchError(Reason.FETCH_FAILED, str(error.strerror)) from None
