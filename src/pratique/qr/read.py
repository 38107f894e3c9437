"""QR codes found in a picture: a plain attempt, then a ladder of filters for pictures that are poor.

The rungs, in the order in which they paid on distorted pictures (`benchmarks/distortions.py`): blurred a little, which
removes noise; sharpened, which undoes blur and low contrast; enlarged and sharpened, for small codes. Filtering costs
more than looking, so pictures beyond some megapixels climb the ladder at a reduced size, where a photograph that large
still has several pixels to a module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pratique.errors import DecodeError
from pratique.qr import picture
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.Image import Image
    from zxingcpp import Barcode

PLAIN_PIXELS: Final = 16_000_000
"""Pictures are looked at as they are up to this size, larger ones at a half, a third, ..."""
FILTER_PIXELS: Final = 4_000_000
"""Filters run on at most so many pixels, before enlarging on a quarter."""


def read(source: Path | str | bytes | Image) -> tuple[str, ...]:
    """Return the text of every QR code in a picture, from top to bottom and left to right, each text once.

    The picture is the path of a PNG or JPEG file, the bytes of one, or a Pillow image. Codes may be rotated, mirrored
    or light on dark. The filters are tried until one attempt finds something, so a code that needs them is missed
    beside one that does not. Where there is no QR code, Aztec codes are looked for, which some health certificates
    use. Content that is bytes and no text comes as one character for each byte (ISO 8859-1).

    Raises: DecodeError (`image.unreadable`, `image.too_large`): as `picture.load`; (`qr.none_found`): no code.
    """
    import zxingcpp  # noqa: PLC0415 - only those who read pictures pay for it

    grey = picture.load(source)
    for attempt in _ladder(grey):
        if found := _find(attempt, zxingcpp.BarcodeFormat.QRCode):
            return found
    if found := _find(_reduced(grey, PLAIN_PIXELS), zxingcpp.BarcodeFormat.Aztec):
        return found
    raise DecodeError(
        Reason.QR_NONE_FOUND, hint="photograph the code from closer, flat and evenly lit, with its white border"
    )


def _ladder(grey: Image) -> Iterator[Image]:
    """Yield the picture as it is, then through one filter after the other."""
    yield _reduced(grey, PLAIN_PIXELS)
    from PIL import ImageFilter  # noqa: PLC0415 - most pictures do not get here

    base = _reduced(grey, FILTER_PIXELS)
    yield base.filter(ImageFilter.BoxBlur(1))
    yield base.filter(ImageFilter.GaussianBlur(1))
    yield base.filter(ImageFilter.UnsharpMask(2, 300, 0))
    base = _reduced(base, FILTER_PIXELS // 4)
    double = base.resize((2 * base.width, 2 * base.height))
    yield double.filter(ImageFilter.UnsharpMask(6, 400, 0))


def _reduced(grey: Image, pixels: int) -> Image:
    """Return the picture, shrunk by the smallest whole number that brings it to at most so many pixels."""
    factor = 1
    while (grey.width // factor) * (grey.height // factor) > pixels:
        factor += 1
    return grey.reduce(factor) if factor > 1 else grey


def _find(grey: Image, code: object) -> tuple[str, ...]:
    import zxingcpp  # noqa: PLC0415

    pixels = memoryview(grey.tobytes()).cast("B", (grey.height, grey.width))
    barcodes = zxingcpp.read_barcodes(pixels, code, text_mode=zxingcpp.TextMode.Plain)
    return tuple(dict.fromkeys(_content(barcode) for barcode in _in_reading_order(barcodes)))


def _content(barcode: Barcode) -> str:
    import zxingcpp  # noqa: PLC0415

    if barcode.content_type == zxingcpp.ContentType.Binary:
        return barcode.bytes.decode("latin-1")
    return barcode.text


def _in_reading_order(barcodes: list[Barcode]) -> list[Barcode]:
    """Return codes row by row; a code whose middle lies above the bottom of a row's highest code is in that row."""
    boxes = []
    for barcode in barcodes:
        spot = barcode.position
        corners = (spot.top_left, spot.top_right, spot.bottom_right, spot.bottom_left)
        across, down = [corner.x for corner in corners], [corner.y for corner in corners]
        boxes.append((min(down), max(down), min(across), barcode))
    ordered: list[Barcode] = []
    row: list[tuple[int, Barcode]] = []
    bottom = -1
    for top, low, left, barcode in sorted(boxes, key=lambda box: box[0]):
        if (top + low) / 2 > bottom:
            ordered += _left_to_right(row)
            row, bottom = [], low
        row.append((left, barcode))
    return ordered + _left_to_right(row)


def _left_to_right(row: list[tuple[int, Barcode]]) -> list[Barcode]:
    return [barcode for _, barcode in sorted(row, key=lambda entry: entry[0])]
