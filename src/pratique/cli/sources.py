"""What `verify` and `inspect` are given, turned into texts: pictures, text files, folders, stdin, texts themselves."""

from __future__ import annotations

import codecs
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pratique import files, formats
from pratique.cli import output
from pratique.errors import DecodeError, PratiqueError
from pratique.formats import shc_parts
from pratique.qr.picture import MAX_BYTES
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

STDIN: Final = "-"
MAX_HELD: Final = 2 * shc_parts.MAX_PARTS
"""Parts of cards that wait for others."""
_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg"})
PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8")
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_KNOWN: Final = ", ".join(filter(None, (reader.prefix for reader in formats.READERS)))


@dataclass(frozen=True, slots=True)
class Source:
    """Something that holds codes: its name, and how their texts are read, which raises DecodeError."""

    name: str
    texts: Callable[[], tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, name: str, text: str) -> Source:
        """Return the source that is one text."""
        return cls(name, lambda: (text,))


def expand(arguments: tuple[str, ...]) -> tuple[list[Source], bool]:
    """Return the sources that arguments stand for, and whether more than one answer is to be expected.

    Nothing is read yet but the names in folders; a folder is many, even where it holds one picture.
    """
    sources: list[Source] = []
    folder = False
    for argument in arguments:
        if not argument:
            raise click.UsageError("an argument is empty: it would stand for this folder")
        if formats.reader_of(argument) is not None:
            sources.append(Source.of("text", argument))
        elif argument == STDIN:
            sources.append(Source("stdin", _stdin))
        elif (path := Path(argument)).is_dir():
            pictures = _pictures(path)
            folder = folder or bool(pictures)
            sources += [_file(picture, str(picture)) for picture in pictures] or [_empty(path)]
        else:
            sources.append(_file(path, output.named(argument)))
    return sources, folder or len(sources) > 1


def joined(sources: Iterable[Source]) -> Iterator[tuple[str, str | PratiqueError]]:
    """Yield a name and the text of every code of the sources, or why a source has none.

    The parts of a code that was printed as several may be in several pictures, one after the other in any order; the
    joined code has all their names. Parts that are not complete by the end come last, each by itself.
    """
    gathering, names = shc_parts.Gathering(), dict[str, list[str]]()
    for name, text in _named(sources):
        if isinstance(text, PratiqueError) or not shc_parts.is_part(text):
            yield name, text
            continue
        names.setdefault(text, []).append(name)
        for code in gathering.add(text):
            yield " + ".join(dict.fromkeys(each for part in code.parts for each in names[part])), code.text
        if len(waiting := gathering.waiting) > MAX_HELD:
            yield from ((names[part][0], part) for part in waiting)
            gathering = shc_parts.Gathering()
    yield from ((names[part][0], part) for part in gathering.waiting)


def _named(sources: Iterable[Source]) -> Iterator[tuple[str, str | PratiqueError]]:
    """Yield a name and a text for each code, or why a source cannot be read."""
    for source in sources:
        try:
            texts = source.texts()
        except PratiqueError as error:
            yield source.name, error
            continue
        for i, text in enumerate(texts, 1):
            yield (f"{source.name} #{i}" if len(texts) > 1 else source.name), text


def _pictures(folder: Path) -> list[Path]:
    """Return the pictures of a folder and the folders in it, by name."""
    return sorted(found for found in folder.rglob("*") if found.suffix.lower() in _SUFFIXES and found.is_file())


def _empty(folder: Path) -> Source:
    """Return the source that only says that a folder has no picture: what else was given is read all the same."""

    def refuse() -> tuple[str, ...]:
        raise _unreadable(f"{folder} holds no picture (PNG, JPEG)")

    return Source(str(folder), refuse)


def _file(path: Path, name: str) -> Source:
    return Source(name, lambda: _read_file(path))


def _read_file(path: Path) -> tuple[str, ...]:
    try:
        data = files.read(path, MAX_BYTES)
    except FileNotFoundError:
        raise _unreadable(f"there is no such file, and a QR text begins with one of {_KNOWN}") from None
    except OSError as error:
        raise _unreadable(str(error.strerror)) from None
    except ValueError:  # a NUL in the name
        raise _unreadable("that is no name of a file") from None
    return _texts(data)


def one(name: str, prefix: str) -> str:
    """Return the text in a file or on stdin, or in a picture that of the one code that begins with a prefix.

    Raises: DecodeError: there is none in the picture, or several. OSError: the file cannot be read.
    """
    data = sys.stdin.buffer.read(MAX_BYTES + 1) if name == STDIN else files.read(Path(name), MAX_BYTES)
    if not data.startswith(PICTURES):
        return "\n".join(lines(data))
    from pratique.qr.read import read  # noqa: PLC0415 - only pictures need it

    found = [text for text in read(data) if text.startswith(prefix)]
    if len(found) != 1:
        raise DecodeError(Reason.FORMAT_UNKNOWN, f"{len(found)} codes in the picture begin with {prefix}, one must")
    return found[0]


def _stdin() -> tuple[str, ...]:
    return _texts(sys.stdin.buffer.read(MAX_BYTES + 1))


def _texts(data: bytes) -> tuple[str, ...]:
    """Return the texts in the bytes of a picture, the lines of a text of which at least one is a code, or all of it.

    JSON may stand on several lines, none of which is a code.
    A code that is bytes and no text has one character for each byte, as `qr.read` hands it over.
    """
    if not data.startswith(PICTURES):
        found = lines(data)
        if any(formats.reader_of(line) is not None for line in found):
            return found
        if formats.reader_of(whole := "\n".join(found)) is not None:
            return (whole,)
        if not found and formats.reader_of(binary := data.decode("latin-1")) is not None:
            return (binary,)
        if found:
            unknown = f"neither a picture nor a text that begins with one of {_KNOWN}"
            raise DecodeError(Reason.FORMAT_UNKNOWN, formats.in_small_letters(found[0]) or unknown)
    from pratique.qr.read import read  # noqa: PLC0415 - only pictures need it

    return read(data)


def lines(data: bytes) -> tuple[str, ...]:
    """Return the lines of a text that are not empty; none where the bytes are no text.

    Byte order marks and spaces before a code are an editor's. Spaces behind it stay: they are digits.
    """
    try:
        text = data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        return ()
    return tuple(line for raw in text.split("\n") if (line := raw.rstrip("\r").lstrip(" \t")))


def _unreadable(detail: str) -> DecodeError:
    return DecodeError(Reason.IMAGE_UNREADABLE, detail)
