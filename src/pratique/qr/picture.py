"""Pictures as the QR reader wants them: PNG and JPEG, bounded, grey.

A picture comes from a stranger. Before a decoder sees it, its size in bytes and pixels is bounded and everything that
a decoder of pixels does not need is left out: profiles, comments, EXIF, animation frames, previews, what follows the
end. So there is no metadata to inflate, to parse or to warn about. EXIF orientation goes the same way: a QR code reads
in every orientation.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pratique import files
from pratique.errors import DecodeError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_PIXELS: Final = 64_000_000
MAX_SIDE: Final = 20_000
"""Pixels; zxing-cpp takes 65,535, and the reader enlarges threefold."""
MAX_SCANS: Final = 32
"""Scans in a progressive JPEG; each is a pass over all pixels, and encoders make about ten."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_JPEG: Final = b"\xff\xd8"
_SOS, _EOI = 0xDA, b"\xff\xd9"
_SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Tables, frames, restart interval, and the two application segments that say how colours are coded (JFIF, Adobe).
_JPEG_SEGMENTS: Final = _SOF | {0xC4, 0xCC, 0xDB, 0xDD, 0xE0, 0xEE}

# What Pillow's decoders raise for damaged data.
_DECODER_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AssertionError,
    struct.error,
    zlib.error,
)


def load(source: Path | str | bytes | Image) -> Image:
    """Return a picture in 8-bit grey, what is transparent as white.

    `source` is the path of a PNG or JPEG file, the bytes of one, or a Pillow image of any mode. Of an animated or
    multi-picture file, the first picture counts.

    Raises: DecodeError (`image.too_large`): beyond `MAX_BYTES`, `MAX_PIXELS` or `MAX_SIDE`; (`image.unreadable`): no
    file, neither PNG nor JPEG, damaged or truncated.
    """
    from PIL.Image import Image  # noqa: PLC0415 - only those who read pictures pay for it

    if isinstance(source, Image):
        _bound(*source.size)
        picture = source
    elif isinstance(source, bytes | str | Path):
        picture = _open(source if isinstance(source, bytes) else _file(Path(source)))
    else:
        raise TypeError(f"a picture is a path, bytes or a Pillow image, not {type(source).__name__}")
    try:
        return _grey(picture)
    except _DECODER_ERRORS:
        raise _unreadable("its pixels are damaged or incomplete") from None


def _file(path: Path) -> bytes:
    try:
        return files.read(path, MAX_BYTES)
    except OSError as error:
        raise _unreadable(f"the file cannot be opened: {error.strerror}") from None
    except ValueError:
        raise _unreadable("the path is not valid") from None


def _open(data: bytes) -> Image:
    """Return a Pillow image whose pixels are not decoded yet."""
    if len(data) > MAX_BYTES:
        raise DecodeError(Reason.IMAGE_TOO_LARGE, f"more than {MAX_BYTES:,} bytes")
    # Each format's class is used directly: `Image.open` would load five formats, and warn about sizes.
    try:
        if data.startswith(_PNG):
            from PIL.PngImagePlugin import PngImageFile  # noqa: PLC0415

            return PngImageFile(io.BytesIO(_png_essentials(data)))
        if data.startswith(_JPEG):
            from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415

            photo = JpegImageFile(io.BytesIO(_jpeg_essentials(data)))
            photo.draft("L", None)  # colours are not decoded at all
            return photo
    except _DECODER_ERRORS:
        raise _unreadable("its header is damaged") from None
    raise _unreadable("neither PNG nor JPEG" if data else "the file is empty")


def _png_essentials(data: bytes) -> bytes:
    """Return a PNG file with nothing but its still picture. Source: PNG, third edition, section 5."""
    kept = [_PNG]
    position = len(_PNG)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise _unreadable("the PNG ends early")
        if position == len(_PNG):
            if kind != b"IHDR":
                raise _unreadable("the PNG does not begin with its header")
            _bound(*struct.unpack_from(">II", data, position + 8))
        elif kind == b"IHDR":
            raise _unreadable("the PNG has two headers")
        if kind in _PNG_CHUNKS:
            kept.append(data[position:end])
        position = end
    return b"".join(kept)


def _jpeg_essentials(data: bytes) -> bytes:
    """Return a JPEG file with nothing but its first picture. Source: ITU-T T.81, annex B."""
    kept = [_JPEG]
    position = len(_JPEG)
    frames = 0
    while True:
        fill, marker, length = struct.unpack_from(">BBH", data, position)
        if fill == marker == 0xFF:  # noqa: PLR2004 - any number of fill bytes may precede a marker
            position += 1
            continue
        if fill != 0xFF:  # noqa: PLR2004
            raise _unreadable("a JPEG segment does not begin where it should")
        if marker == _SOS:
            break
        end = position + 2 + length
        if marker in _SOF:
            frames += 1
            height, width = struct.unpack_from(">HH", data, position + 5)
            _bound(width, height)
        if marker in _JPEG_SEGMENTS:
            kept.append(data[position:end])
        position = end
    if frames != 1:
        raise _unreadable(f"the JPEG has {frames} frame headers")
    # In coded data 0xFF is followed by 0x00, so that these are markers; what follows the end is another picture.
    end = data.find(_EOI, position)
    coded = data[position : end + 2 if end >= 0 else len(data)]
    scans = coded.count(bytes((0xFF, _SOS)))
    if scans > MAX_SCANS:
        raise DecodeError(Reason.IMAGE_TOO_LARGE, f"{scans} JPEG scans, at most {MAX_SCANS} are read")
    return b"".join(kept) + coded


def _bound(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        limit = f"at most {MAX_PIXELS:,} are read, {MAX_SIDE:,} a side"
        raise DecodeError(Reason.IMAGE_TOO_LARGE, f"{width} x {height} pixels, {limit}")
    if not width or not height:
        raise _unreadable("it has no pixels")


def _grey(picture: Image) -> Image:
    """Return the picture in mode L; white shows through where it is transparent."""
    from PIL import Image  # noqa: PLC0415

    if picture.has_transparency_data:
        clear = picture.convert("LA") if picture.mode in {"L", "1"} else picture.convert("RGBA")
        ground = Image.new("L", picture.size, 255)
        ground.paste(clear.convert("L"), mask=clear.getchannel("A"))
        return ground
    if picture.mode.startswith("I"):
        # Sixteen bits or more, of which a scanner may use few: all that occur are spread over eight.
        deep = picture.convert("I")
        extrema: Any = deep.getextrema()  # typed for pictures of several bands
        low, high = extrema
        scale = 255 / max(high - low, 1)
        return deep.point(lambda value: value * scale - low * scale).convert("L")
    return picture.convert("L")


def _unreadable(detail: str) -> DecodeError:
    return DecodeError(Reason.IMAGE_UNREADABLE, detail)
