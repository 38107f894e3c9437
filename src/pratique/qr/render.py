"""QR symbols, and the forms in which they leave: PNG, SVG, a terminal.

zxing-cpp lays out the modules: the smallest version that holds the text, in the shortest mixture of modes, so that a
text such as Base45 is alphanumeric throughout (ISO/IEC 18004, section 7.4). The pictures are written here: two colours
and square modules are quicker written than converted.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

from pratique.codec.base45 import ALPHABET
from pratique.errors import CapacityError
from pratique.qr.mask import MASKS, penalty
from pratique.reasons import Reason

ErrorCorrection = Literal["L", "M", "Q", "H"]
QUIET_ZONE: Final = 4
"""Light modules around a symbol (ISO/IEC 18004, section 6.3.8)."""

# Characters that version 40 holds, by level: digits, alphanumeric, bytes (ISO/IEC 18004, table 7).
_CAPACITY: Final[dict[str, tuple[int, int, int]]] = {
    "L": (7089, 4296, 2953),
    "M": (5596, 3391, 2331),
    "Q": (3993, 2420, 1663),
    "H": (3057, 1852, 1273),
}
_DIGITS, _ALPHANUMERIC, _BYTES = range(3)
_MAX_MODULE: Final = 64
_MAX_QUIET_ZONE: Final = 64
_FROM_GREY: Final = b"1".ljust(256, b"0")  # zxing-cpp draws dark modules as 0
_FROM_DIGITS: Final = bytes(i & 1 for i in range(256))
# With zlib's usual 32 KB it takes more than a C library keeps at hand, and half the time goes into getting that anew.
_WINDOW_BITS, _MEMORY_LEVEL = 14, 5
_TO_PIXELS: Final = b"\xff\0" + bytes(254)
_DARK_ON_LIGHT: Final = "\x1b[38;5;16;48;5;231m"
_RESET: Final = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Symbol:
    """The modules of a QR code, without its quiet zone. `rows` has `size` rows of `size` bytes: 1 dark, 0 light."""

    size: int
    rows: tuple[bytes, ...] = field(repr=False)  # they hold the text


def symbol(text: str, *, error_correction: ErrorCorrection = "M", mask: int | None = None) -> Symbol:
    """Return the smallest QR symbol that holds a text.

    `error_correction` L, M, Q or H lets a reader repair some 7, 15, 25 or 30 % of the code words. `mask` 0 to 7 takes
    that mask pattern, None the one that reads best, which takes half as long again.

    Raises: CapacityError (`qr.does_not_fit`): version 40 is too small. ValueError: an empty text, lone surrogates, or
    options that do not exist.
    """
    if error_correction not in _CAPACITY:
        raise ValueError(f"error correction is one of {', '.join(_CAPACITY)}")
    if mask is not None and (type(mask) is not int or mask not in MASKS):  # for zxing-cpp, True ends the process
        raise ValueError(f"mask is None or 0 to {MASKS[-1]}")
    if not text:
        raise ValueError("an empty text has no QR code")
    text.encode()  # a lone surrogate is misuse, not a text too long
    size, dark = _drawn(text, error_correction, mask or 0)
    if mask is None:
        if size not in _differences:
            others = [_drawn(text, error_correction, other)[1] for other in MASKS]
            _differences[size] = tuple(dark ^ other for other in others)
        dark = min([dark ^ difference for difference in _differences[size]], key=partial(penalty, size=size))
    modules = f"{dark:0{size * size}b}".encode().translate(_FROM_DIGITS)
    return Symbol(size, tuple([modules[start : start + size] for start in range(0, size * size, size)]))


_differences: dict[int, tuple[int, ...]] = {}
"""By the size of a symbol, how it differs with each mask from itself with mask 0. That is the same for all texts and
levels: the modules of the pattern, and the format information, whose code is linear."""


def _drawn(text: str, error_correction: ErrorCorrection, mask: int) -> tuple[int, int]:
    """Return how many modules a side a symbol has, and all of them as one number, 1 dark, row after row."""
    import zxingcpp  # noqa: PLC0415 - only those who draw or read pay for it

    try:
        barcode = zxingcpp.create_barcode(
            text, zxingcpp.BarcodeFormat.QRCode, ec_level=error_correction, data_mask=mask
        )
    except ValueError:
        raise _too_long(text, error_correction) from None
    grey: Any = barcode.to_image(scale=1, add_quiet_zones=False)  # a buffer, which its stubs do not say
    return grey.shape[0], int(bytes(grey).translate(_FROM_GREY), 2)


def _too_long(text: str, level: str) -> CapacityError:
    """Return the error that says by how much, and which lower level would do."""
    mode = _mode(text)
    length = len(text.encode()) if mode == _BYTES else len(text)
    unit = "bytes" if mode == _BYTES else "characters"
    fitting = [name for name, capacity in _CAPACITY.items() if length <= capacity[mode] > _CAPACITY[level][mode]]
    hint = f"error correction {fitting[-1]} holds {_CAPACITY[fitting[-1]][mode]:,} {unit}" if fitting else ""
    limit = _CAPACITY[level][mode]
    return CapacityError(
        Reason.QR_DOES_NOT_FIT, f"{length:,} {unit}, error correction {level} holds {limit:,}", hint=hint
    )


def _mode(text: str) -> int:
    """Return the index in `_CAPACITY` of the mode that holds all of a text."""
    if text.isascii() and text.isdigit():
        return _DIGITS
    return _ALPHANUMERIC if set(text) <= set(ALPHABET) else _BYTES


def modules(text: str, *, error_correction: ErrorCorrection = "M") -> int:
    """Return how many modules a side the QR code of a text has, without its quiet zone. Raises: as `symbol`."""
    return symbol(text, error_correction=error_correction, mask=0).size


def png(
    text: str,
    *,
    module: int = 8,
    quiet_zone: int = QUIET_ZONE,
    error_correction: ErrorCorrection = "M",
    mask: int | None = None,
) -> bytes:
    """Return a PNG file of a text's QR code: greyscale, one bit a pixel, `module` pixels to a module.

    Raises: as `symbol`; ValueError: `module` not 1 to 64 pixels, `quiet_zone` not 0 to 64 modules.
    Source: PNG, third edition.
    """
    _check_quiet_zone(quiet_zone)
    if module not in range(1, _MAX_MODULE + 1):
        raise ValueError(f"a module is 1 to {_MAX_MODULE} pixels wide")
    drawn = symbol(text, error_correction=error_correction, mask=mask)
    side = (drawn.size + 2 * quiet_zone) * module
    width = (side + 7) // 8
    edge, blank = bytes(quiet_zone), [bytes(drawn.size)] * quiet_zone
    # A row of modules is drawn once (filter 0); the rows of pixels below it equal the one above (filter 2, all zero).
    repeats = (b"\2" + bytes(width)) * (module - 1)
    packer = zlib.compressobj(1, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, zlib.Z_RLE)  # smallest for such pictures
    packed = [
        packer.compress(b"".join((b"\0", _pixels(edge + row + edge, module), repeats)))
        for row in (*blank, *drawn.rows, *blank)
    ]
    packed.append(packer.flush())
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = _chunk(b"IHDR", header), _chunk(b"IDAT", b"".join(packed)), _chunk(b"IEND", b"")
    return b"".join((b"\x89PNG\r\n\x1a\n", *chunks))


def _pixels(row: bytes, module: int) -> bytes:
    """Return one row of pixels, a bit each, 1 white, filled up to whole bytes."""
    if module == 8:  # noqa: PLR2004 - a module is a byte, so there is nothing to pack
        return row.translate(_TO_PIXELS)
    bits = row.replace(b"\0", b"1" * module).replace(b"\1", b"0" * module)
    width = (len(bits) + 7) // 8
    return int(bits.ljust(8 * width, b"0"), 2).to_bytes(width)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def svg(
    text: str,
    *,
    quiet_zone: int = QUIET_ZONE,
    error_correction: ErrorCorrection = "M",
    mask: int | None = None,
) -> str:
    """Return an SVG document of a text's QR code: one unit to a module, white ground, to be scaled at will.

    Raises: as `symbol`; ValueError: `quiet_zone` not 0 to 64 modules.
    """
    _check_quiet_zone(quiet_zone)
    drawn = symbol(text, error_correction=error_correction, mask=mask)
    side = drawn.size + 2 * quiet_zone
    runs = [
        f"M{quiet_zone + start},{quiet_zone + y}h{length}v1h-{length}z"
        for y, row in enumerate(drawn.rows)
        for start, length in _runs(row)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0,0h{side}v{side}h-{side}z"/><path d="{"".join(runs)}"/></svg>\n'
    )


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Return start and length of each run of dark modules in a row."""
    runs = []
    end = 0
    while (start := row.find(b"\1", end)) >= 0:
        end = row.find(b"\0", start)
        end = len(row) if end < 0 else end
        runs.append((start, end - start))
    return runs


def terminal(
    text: str,
    *,
    quiet_zone: int = QUIET_ZONE,
    error_correction: ErrorCorrection = "M",
    mask: int | None = None,
) -> str:
    """Return lines of half blocks that show a text's QR code on a terminal, two rows of modules to a line.

    Every line sets black on white itself (colours 16 and 231 of the 256), so that the code scans on a dark terminal as
    on a light one. Raises: as `symbol`; ValueError: `quiet_zone` not 0 to 64 modules.
    """
    _check_quiet_zone(quiet_zone)
    drawn = symbol(text, error_correction=error_correction, mask=mask)
    edge = bytes(quiet_zone)
    blank = [bytes(drawn.size + 2 * quiet_zone)] * quiet_zone
    rows = [*blank, *(edge + row + edge for row in drawn.rows), *blank, blank[0] if blank else bytes(drawn.size)]
    lines = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=False):
        cells = "".join(" ▀▄█"[top + 2 * bottom] for top, bottom in zip(upper, lower, strict=True))
        lines.append(f"{_DARK_ON_LIGHT}{cells}{_RESET}\n")
    return "".join(lines)


def _check_quiet_zone(quiet_zone: int) -> None:
    if quiet_zone not in range(_MAX_QUIET_ZONE + 1):
        raise ValueError(f"a quiet zone is 0 to {_MAX_QUIET_ZONE} modules wide")
