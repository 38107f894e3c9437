"""QR codes found in a picture: a plain attempt, then a ladder of filters for pictures that are poor.

1. As it is; a picture of many megapixels reduced first, then in its finer sizes, tile by tile.
2. Blurred a little, which removes noise and joins the dots of a printer.
3. Enlarged, for small codes and faint ones; sharpened, which undoes blur and low contrast; then both at once.

The rungs and their order come from distorted pictures (`benchmarks/distortions.py`). Time is bounded: zxing-cpp sets
every finder pattern against every other, so that a picture tiled with finder patterns would cost it a minute for 12
megapixels. Nothing larger than `WHOLE_PIXELS` is given to it at once, and the ladder ends after `PATIENCE`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.errors import DecodeError
from pratique.qr import picture
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.Image import Image
    from zxingcpp import Barcode, BarcodeFormats

PATIENCE: Final = 5.0
"""Seconds after which no further attempt begins; a 12-megapixel photograph without a code takes a tenth of it."""
WHOLE_PIXELS: Final = 4_000_000
"""The largest picture that is searched, or filtered, in one piece."""
_TILE: Final = 1600
_OVERLAP: Final = 800
"""Pixels. A code that the next smaller size did not show has modules below 6 pixels: 133 of them lie in the overlap."""


class _Found(NamedTuple):
    """A code's box in the picture, in pixels, and its text."""

    top: float
    bottom: float
    left: float
    text: str


def read(source: Path | str | bytes | Image) -> tuple[str, ...]:
    """Return the text of every QR code in a picture, from top to bottom and left to right, each text once.

    The picture is the path of a PNG or JPEG file, the bytes of one, or a Pillow image. Codes may be rotated, mirrored
    or light on dark. Attempts end with the first that finds something, so a code that needs a filter is missed beside
    one that does not. Where there is no QR code, Aztec codes are looked for, which some health certificates use.
    Content that is bytes and no text comes as one character for each byte (ISO 8859-1).

    Raises: DecodeError (`image.unreadable`, `image.too_large`): as `picture.load`; (`qr.none_found`): no code.
    """
    from zxingcpp import BarcodeFormat, BarcodeFormats  # noqa: PLC0415 - only those who read pictures pay for it

    deadline = time.monotonic() + PATIENCE
    grey = picture.load(source)
    for attempt in _ladder(grey):
        if found := _find(attempt, BarcodeFormats(BarcodeFormat.QRCode), deadline):
            return found
        if time.monotonic() > deadline:
            break
    else:
        if found := _find(_reduced(grey, WHOLE_PIXELS), BarcodeFormats(BarcodeFormat.AztecCode), deadline):
            return found
    raise DecodeError(
        Reason.QR_NONE_FOUND, hint="photograph the code from closer, flat and evenly lit, with its white border"
    )


def _ladder(grey: Image) -> Iterator[Image]:
    """Yield the picture as it is, in its sizes, then through one filter after the other."""
    base = _reduced(grey, WHOLE_PIXELS)
    yield base
    factor = grey.width // base.width
    while factor > 1:
        factor //= 2
        yield grey.reduce(factor) if factor > 1 else grey
    from PIL import ImageFilter  # noqa: PLC0415 - most pictures do not get here

    yield base.filter(ImageFilter.BoxBlur(1))
    yield base.filter(ImageFilter.GaussianBlur(1))
    double = _enlarged(base, 2)
    yield double
    yield base.filter(ImageFilter.UnsharpMask(2, 300, 0))
    yield double.filter(ImageFilter.UnsharpMask(6, 400, 0))
    yield _enlarged(base, 3).filter(ImageFilter.UnsharpMask(8, 500, 0))


def _reduced(grey: Image, pixels: int) -> Image:
    """Return the picture, shrunk by the smallest whole number that brings it to at most so many pixels."""
    factor = 1
    while (grey.width // factor) * (grey.height // factor) > pixels:
        factor += 1
    return grey.reduce(factor) if factor > 1 else grey


def _enlarged(grey: Image, factor: int) -> Image:
    """Return the picture, enlarged to at most `WHOLE_PIXELS`; one too large for that is shrunk first."""
    base = _reduced(grey, WHOLE_PIXELS // factor**2)
    return base.resize((factor * base.width, factor * base.height))


def _find(grey: Image, code: BarcodeFormats, deadline: float) -> tuple[str, ...]:
    """Return the texts of one attempt, in reading order. A large picture is searched tile by tile, until `deadline`."""
    if grey.width * grey.height <= WHOLE_PIXELS:
        return _in_reading_order(_search(grey, code, 0, 0))
    found: list[_Found] = []
    step = _TILE - _OVERLAP
    for top in range(0, max(1, grey.height - _OVERLAP), step):
        for left in range(0, max(1, grey.width - _OVERLAP), step):
            if time.monotonic() > deadline:
                break
            tile = grey.crop((left, top, min(left + _TILE, grey.width), min(top + _TILE, grey.height)))
            found += _search(tile, code, left, top)
    return _in_reading_order(found)


def _search(grey: Image, code: BarcodeFormats, left: int, top: int) -> list[_Found]:
    """Return what zxing-cpp finds in a picture, or in a part of one that begins at (left, top)."""
    from zxingcpp import TextMode, read_barcodes  # noqa: PLC0415

    pixels = memoryview(grey.tobytes()).cast("B", (grey.height, grey.width))
    found = []
    for barcode in read_barcodes(pixels, code, text_mode=TextMode.Plain):
        spot = barcode.position
        corners = (spot.top_left, spot.top_right, spot.bottom_right, spot.bottom_left)
        across, down = [left + corner.x for corner in corners], [top + corner.y for corner in corners]
        found.append(_Found(min(down), max(down), min(across), _content(barcode)))
    return found


def _content(barcode: Barcode) -> str:
    from zxingcpp import ContentType  # noqa: PLC0415

    if barcode.content_type == ContentType.Binary:
        return barcode.bytes.decode("latin-1")
    return barcode.text


def _in_reading_order(found: list[_Found]) -> tuple[str, ...]:
    """Return texts row by row, each once; a code whose middle lies above the bottom of a row's first is in that row."""
    rows: list[list[_Found]] = []
    for code in sorted(found):
        if rows and (code.top + code.bottom) / 2 < rows[-1][0].bottom:
            rows[-1].append(code)
        else:
            rows.append([code])
    return tuple(dict.fromkeys(code.text for row in rows for code in sorted(row, key=lambda code: code.left)))
