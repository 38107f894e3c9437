"""How requests are given to commands, as text, file or picture; and lists of verifiers, in JSON or signed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pratique import files
from pratique.cli import options, output

if TYPE_CHECKING:
    from pratique.request import SignedRequest, VerifierList
    from pratique.trust.root import Root

PREFIX: Final = "PQR1:"


class Asked(click.ParamType["SignedRequest"]):
    """A request as it was scanned: its text, a file that holds it as text or picture, or `-` for stdin."""

    name = "text|file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> SignedRequest:  # noqa: ARG002
        """Return the request, of which nothing is proven. Raises: PratiqueError; OSError."""
        from pratique.request import read  # noqa: PLC0415 - `--help` needs none of the library

        return read(value if value.startswith(PREFIX) else _text(value))


def read_verifiers(path: Path, root: Root | None = None) -> VerifierList:
    """Return the list of verifiers in a file, as `options.read_rules`; what cannot be used is told to the person."""
    from pratique.request import VerifierList  # noqa: PLC0415

    data = path.read_bytes()
    is_json = options.is_json(data)
    found = VerifierList.decode(data) if is_json else VerifierList.read(data, options.needed(root, path))
    for aside in found.set_aside:
        output.warn(f"{path}: {aside.where} cannot be used: {aside.error.detail}")
    return found


def _text(file: str) -> str:
    """Return the one text in a file, or of the one request in a picture."""
    from pratique.cli.sources import PICTURES, STDIN  # noqa: PLC0415
    from pratique.errors import DecodeError  # noqa: PLC0415
    from pratique.qr.picture import MAX_BYTES  # noqa: PLC0415
    from pratique.reasons import Reason  # noqa: PLC0415

    data = sys.stdin.buffer.read(MAX_BYTES + 1) if file == STDIN else files.read(Path(file), MAX_BYTES)
    if not data.startswith(PICTURES):
        return data[: options.MAX_SMALL_FILE].decode("ascii", "replace")
    from pratique.qr.read import read  # noqa: PLC0415 - only pictures need it

    found = [text for text in read(data) if text.startswith(PREFIX)]
    if len(found) != 1:
        raise DecodeError(Reason.FORMAT_UNKNOWN, f"{len(found)} codes in the picture begin with {PREFIX}, one must")
    return found[0]
