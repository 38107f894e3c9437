"""How requests are given to commands, as text, file or picture; and lists of verifiers, in JSON or signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from pratique.cli import options, output

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.request import SignedRequest, VerifierList
    from pratique.trust.root import Root

PREFIX: Final = "PQR1:"


class Asked(click.ParamType["SignedRequest"]):
    """A request as it was scanned: its text, a file that holds it as text or picture, or `-` for stdin."""

    name = "text|file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> SignedRequest:  # noqa: ARG002
        """Return the request, of which nothing is proven. Raises: PratiqueError; OSError."""
        from pratique.cli.sources import one  # noqa: PLC0415 - `--help` needs none of the library
        from pratique.request import read  # noqa: PLC0415

        return read(value if value.startswith(PREFIX) else one(value, PREFIX))


def read_verifiers(path: Path, root: Root | None = None) -> VerifierList:
    """Return the list of verifiers in a file, as `options.read_rules`; what cannot be used is told to the person."""
    from pratique.request import VerifierList  # noqa: PLC0415
    from pratique.trust.signed import is_signed  # noqa: PLC0415

    data = path.read_bytes()
    found = VerifierList.read(data, options.needed(root, path)) if is_signed(data) else VerifierList.decode(data)
    for aside in found.set_aside:
        output.warn(f"{path}: {aside.where} cannot be used: {aside.error.detail}")
    return found
