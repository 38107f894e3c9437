"""Where the text of a QR code goes: a file, a picture (PNG or SVG, by the ending of its name), a terminal, stdout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from pratique.cli import options, output

if TYPE_CHECKING:
    from collections.abc import Callable

_F = TypeVar("_F", bound="Callable[..., Any]")

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


_OUT: Final = (
    click.option(
        "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="File for the QR text."
    ),
    click.option("--qr", type=Picture(), metavar="FILE", help="Picture of the QR code (.png, .svg)."),
    click.option("--terminal", is_flag=True, help="Draw the QR code here."),
    options.force_option,
)


def out_options(function: _F) -> _F:
    """Return a command with the options that say where its text goes."""
    for option in reversed(_OUT):
        function = option(function)
    return function


def put_out(text: str, *, out: Path | None, qr: Path | None, terminal: bool, force: bool) -> None:
    """Write a text where the options say; to stdout where they say nothing."""
    if out is not None:
        output.write_new(out, f"{text}\n".encode(), force=force)
    if qr is not None:
        output.write_new(qr, draw(text, qr.suffix), force=force)
    if terminal:
        from pratique.qr import render  # noqa: PLC0415 - only those who draw pay for it

        click.echo(render.terminal(text), nl=False, color=True)
    elif out is None and qr is None:
        click.echo(text)
