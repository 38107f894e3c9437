"""QR codes as files: PNG or SVG, by the ending of the file's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

_SUFFIXES: Final = (".png", ".svg")


class Picture(click.ParamType[Path]):
    """The path of a picture to write, `.png` or `.svg`."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        path = Path(value)
        if path.suffix.lower() not in _SUFFIXES:
            self.fail(f"a picture ends in one of {', '.join(_SUFFIXES)}", param, ctx)
        return path


def draw(text: str, suffix: str) -> bytes:
    """Return the QR code of a text as a picture. Raises: CapacityError: no QR code holds it."""
    from pratique.qr import render  # noqa: PLC0415 - only those who draw pay for it

    return render.svg(text).encode() if suffix.lower() == ".svg" else render.png(text)
