"""Words on a terminal: harmless, aligned, in colour only where somebody looks.

What a credential, a file or a trust list says may come from an enemy. Escape sequences in it could clear the screen and
paint ACCEPT on it, and bidirectional controls could turn a line around, so that `safe` stands between every such text
and the terminal.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.errors import PratiqueError

_NARROWEST, _WIDEST = 40, 100  # characters of a line of text
_CHARACTERS = re.compile(r"[^\n -~]")
_A_TEXT = "(a text)"
_LONGEST_NAME = 1024
_ADDRESSES = ("https://", "http://", "pkcs11:")
_CONTENT = re.compile(
    r"""\s*["']?\s*([{\[]\s*["{\[]|(PQR?|HC|AT|NL|NO|CRED|MRZ)[0-9]*:|.*[sv]h(c|link):/|NZCP:/|mdoc:|b64:|-----|AGE-SECRET"""
    r"""|eyJ[\w-]+\.|.*<<|[A-Z0-9<]{28,}\s*\Z|[\w+/=-]{80,}\Z)""",
    re.IGNORECASE | re.ASCII,
).match
_KEY_NAME = re.compile(rb"[0-9A-Za-z._~:/#+-]{2,100}")


def safe(text: str) -> str:
    """Return a text in one line in which everything that is not a printable character is spelt as an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    """Return a character as one or two escapes of four hexadecimal digits, which JSON reads back."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def named(argument: str) -> str:
    """Return what a person gave as the name of a file, unless it is what a file holds: codes, claims, zones, keys.

    Whatever there is a file of that name for is shown.
    """
    text = argument.removeprefix("@")
    if _is_there(text):
        return argument
    looks_so = len(text) > _LONGEST_NAME or "\n" in text or _CONTENT(text) is not None
    is_content = _is_code(text) or (looks_so and not text.startswith(_ADDRESSES))
    return _A_TEXT if is_content else argument


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # too long for a name, or a NUL in it
        return False


def _is_code(text: str) -> bool:
    from pratique import formats  # noqa: PLC0415 - asked where something is wrong already

    return formats.reader_of(text.lstrip()) is not None


def without_contents(message: str, arguments: Sequence[str]) -> str:
    """Return a message about arguments without those that are what a file holds: a person took one for the other."""
    for argument in arguments:
        for part in {argument, argument.removeprefix("@"), *argument.split("=", 1)}:
            if named(part) == _A_TEXT:
                for written in {part, repr(part)[1:-1], part.replace("//", "/"), part.replace("/./", "/")}:
                    message = message.replace(written, _A_TEXT)
    return message


def key_id(data: bytes) -> str:
    """Return a key identifier as a hexadecimal number, with the name beside it where it is one."""
    return f"{data.hex()} ({data.decode('ascii')})" if _KEY_NAME.fullmatch(data) else data.hex()


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a JSON text that reads back to the same value and holds no character that a terminal would obey."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    click.echo(_CHARACTERS.sub(lambda found: c if (c := found[0]).isprintable() else _escape(c), text))


def error_view(error: PratiqueError) -> dict[str, Any]:
    """Return an error as JSON: its detail, or else what its code means; and what to do, where it says so."""
    hint = {"hint": error.hint} if error.hint else {}
    return {"error": {"code": error.code, "detail": error.detail or error.code.meaning, **hint}}


def not_vouched_for(error: PratiqueError, *, as_json: bool) -> None:
    """Print, as the answer of a command, that a root does not vouch for a file, and why."""
    if as_json:
        print_json(error_view(error))
    else:
        click.secho("NOT VOUCHED FOR", fg="red", bold=True)
        click.echo(safe(str(error)))


def complain(message: str, hint: str = "") -> None:
    """Print an error, and what to do about it, for people."""
    click.echo(f"{click.style('error', fg='red')}: {safe(message)}", err=True)
    advise(hint)


def advise(hint: str) -> None:
    """Print what to do, where there is something to say."""
    if hint:
        click.echo(f"hint: {safe(hint)}", err=True)


def counted(number: int, thing: str) -> str:
    """Return how many there are of a thing whose plural ends in s: `1 key`, `2 keys`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def warn(message: str) -> None:
    """Print a warning for people."""
    click.echo(f"{click.style('warning', fg='yellow')}: {safe(message)}", err=True)


def note(message: str) -> None:
    """Print to people what was done; stdout stays free for data."""
    click.echo(safe(message), err=True)


def paragraph(text: str, *, indent: int = 0, lead: str | None = None, err: bool = False) -> None:
    """Print a text that was written in sentences, broken into lines at spaces; `lead` is harmless and begins it."""
    margin = " " * indent
    first = margin if lead is None else lead
    click.echo(click.wrap_text(safe(text), width=_width(), initial_indent=first, subsequent_indent=margin), err=err)


def _width() -> int:
    """Return how wide lines of text are: as the terminal, within reason, or where there is none the widest."""
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):  # no terminal; no file at all
        return _WIDEST
    return min(max(columns, _NARROWEST), _WIDEST)


def heading(text: str) -> None:
    """Print the heading of a section."""
    click.echo()
    click.secho(text, bold=True)


def pairs(rows: Iterable[tuple[str, str]], *, indent: int = 2, err: bool = False) -> None:
    """Print labels and values, aligned; with `err` on stderr, where stdout is for data."""
    rows = list(rows)
    width = max((len(label) for label, _ in rows), default=0)
    for label, value in rows:
        click.echo(f"{' ' * indent}{click.style(label.ljust(width), dim=True)}  {safe(value)}", err=err)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, colours: Sequence[str | None] = ()) -> None:
    """Print rows in aligned columns; `colours` has one for each row."""
    cells = [[safe(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    click.secho(_line(header, widths), dim=True)
    for i, row in enumerate(cells):
        click.secho(_line(row, widths), fg=colours[i] if colours else None)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def write_new(path: Path, data: bytes, *, force: bool = False, mode: int = 0o644) -> None:
    """Write a file at once or not at all; with `force` in place of one that is there.

    Raises: FileExistsError without `force`; OSError.
    """
    import errno  # noqa: PLC0415 - verifying writes nothing

    from pratique import files  # noqa: PLC0415

    if path.exists() and not force:
        raise FileExistsError(errno.EEXIST, "is there already; --force replaces it", str(path))
    try:
        files.replace(path, data, mode=mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
