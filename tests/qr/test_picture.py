"""Pictures of every kind that phones, scanners and attackers make."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from pratique.errors import DecodeError, PratiqueError
from pratique.qr import picture, read, render
from pratique.reasons import Reason

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = "PQ1:ABC123"
PNG = render.png(CONTENT, module=4)
GREY = Image.open(io.BytesIO(PNG)).convert("L")


def file(shown: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    shown.save(out, kind, **options)
    return out.getvalue()


JPEG = file(GREY, "JPEG")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, pixels: bytes, *, before: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return PNG[:8] + chunk(b"IHDR", header) + before + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def inflating(megabytes: int) -> bytes:
    """Return a zlib stream of a thousandth of the size that it inflates to."""
    squeeze = zlib.compressobj(9)
    return b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(megabytes)) + squeeze.flush()


def refused(data: bytes | Path | Image.Image | str) -> Reason:
    with pytest.raises(DecodeError) as caught:
        read.read(data)
    return caught.value.code


def transparent(mode: str) -> Image.Image:
    shown = Image.new("RGBA", GREY.size, (0, 0, 0, 0))
    shown.paste((0, 0, 0, 255), mask=ImageOps.invert(GREY))
    return shown.convert(mode)


def sixteen_bits() -> Image.Image:
    # Dark, as a microscope or a scanner writes it: all values lie above 255.
    return Image.frombytes("I;16", GREY.size, b"".join(struct.pack("<H", 3000 + 100 * v) for v in GREY.tobytes()))


def exif() -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = 5  # transposed
    return made


FILES = {
    "one bit": PNG,
    "grey": file(GREY, "PNG"),
    "colour": file(GREY.convert("RGB"), "PNG"),
    "palette": file(GREY.convert("P"), "PNG"),
    "palette, transparent white": file(GREY.convert("P"), "PNG", transparency=255),
    "grey, transparent white": file(GREY, "PNG", transparency=255),
    "one bit, transparent white": file(GREY.convert("1"), "PNG", transparency=1),
    "black on nothing": file(transparent("RGBA"), "PNG"),
    "grey with alpha": file(transparent("LA"), "PNG"),
    "sixteen bits": file(sixteen_bits(), "PNG"),
    "animated": file(GREY, "PNG", save_all=True, append_images=[Image.new("L", GREY.size)], duration=100),
    "jpeg": JPEG,
    "progressive": file(GREY.convert("RGB"), "JPEG", progressive=True),
    "cmyk": file(GREY.convert("CMYK"), "JPEG"),
    "rgb jpeg": file(GREY.convert("RGB"), "JPEG", keep_rgb=True),
    "exif": file(GREY, "JPEG", exif=exif()),
    "two pictures": file(GREY, "MPO", save_all=True, append_images=[Image.new("L", GREY.size)]),
    "comments": file(GREY, "JPEG", comment=b"\xff\xda" * 100),
    "jpeg with fill bytes": JPEG[:2] + b"\xff\xff" + JPEG[2:],
    "bytes after the end": PNG + b"more",
}


@pytest.mark.parametrize("kind", FILES)
def test_every_kind_of_file_is_read(kind: str) -> None:
    assert read.read(FILES[kind]) == (CONTENT,)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F", "I;16"])
def test_pillow_images_of_every_mode_are_read(mode: str) -> None:
    shown = (
        sixteen_bits() if mode == "I;16" else GREY.convert("RGB").convert(mode) if mode == "HSV" else GREY.convert(mode)
    )
    assert read.read(shown) == (CONTENT,)


def test_a_path_may_be_text_or_path(tmp_path: Path) -> None:
    path = tmp_path / "code.jpg"
    path.write_bytes(JPEG)
    assert read.read(path) == read.read(str(path)) == (CONTENT,)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO"])
def test_other_formats_are_refused_though_pillow_knows_them(kind: str) -> None:
    assert refused(file(GREY, kind)) is Reason.IMAGE_UNREADABLE


@pytest.mark.parametrize("data", [b"", b"\n", b"8BPS\0\1", b"%PDF-1.7", b"<svg/>", PNG[:8], JPEG[:2], b"PQ1:ABC"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert refused(data) is Reason.IMAGE_UNREADABLE


@pytest.mark.parametrize("name", ["absent.png", "", "nul\0.png"])
def test_what_cannot_be_opened_is_refused_without_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read.read(str(tmp_path / name))
    assert caught.value.code is Reason.IMAGE_UNREADABLE
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("source", [None, 7, bytearray(PNG)])
def test_other_sources_are_misuse(source: object) -> None:
    with pytest.raises(TypeError):
        read.read(source)


def test_png_truncated_anywhere_is_refused() -> None:
    for end in range(len(PNG)):
        assert refused(PNG[:end]) is Reason.IMAGE_UNREADABLE


def test_jpeg_truncated_anywhere_is_refused() -> None:
    for end in range(0, len(JPEG) - 2, 7):
        assert refused(JPEG[:end]) in {Reason.IMAGE_UNREADABLE, Reason.QR_NONE_FOUND}


def test_a_damaged_checksum_is_refused() -> None:
    position = PNG.index(b"IDAT") + 10
    assert refused(PNG[:position] + bytes((PNG[position] ^ 1,)) + PNG[position + 1 :]) is Reason.IMAGE_UNREADABLE


@pytest.mark.parametrize(
    "size", [(100_000, 100_000), (8_000, 8_001), (picture.MAX_SIDE + 1, 1), (2**32 - 1, 2**32 - 1)]
)
def test_a_png_that_declares_too_many_pixels_is_refused_before_decoding(size: tuple[int, int]) -> None:
    assert refused(png(*size, b"")) is Reason.IMAGE_TOO_LARGE


def test_a_jpeg_that_declares_too_many_pixels_is_refused_before_decoding() -> None:
    frame = JPEG.index(b"\xff\xc0") + 5
    assert refused(JPEG[:frame] + b"\xff\xff\xff\xff" + JPEG[frame + 4 :]) is Reason.IMAGE_TOO_LARGE


def test_a_pillow_image_with_too_many_pixels_is_refused() -> None:
    assert refused(Image.new("1", (8_000, 8_001))) is Reason.IMAGE_TOO_LARGE


@pytest.mark.parametrize("size", [(0, 1), (1, 0)])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int]) -> None:
    assert refused(Image.new("L", size)) is refused(png(*size, b"")) is Reason.IMAGE_UNREADABLE


def test_a_file_with_too_many_bytes_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    path.write_bytes(PNG)
    monkeypatch.setattr(picture, "MAX_BYTES", len(PNG))
    assert read.read(path) == (CONTENT,)
    monkeypatch.setattr(picture, "MAX_BYTES", len(PNG) - 1)
    assert refused(path) is refused(PNG) is Reason.IMAGE_TOO_LARGE


def test_pixels_that_inflate_beyond_the_picture_are_not_inflated() -> None:
    assert refused(png(100, 100, inflating(100))) in {Reason.QR_NONE_FOUND, Reason.IMAGE_UNREADABLE}


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP", b"acTL", b"eXIf"])
def test_metadata_is_left_out_not_parsed(kind: bytes) -> None:
    bomb = chunk(kind, b"a\0\0" + inflating(100))
    end = PNG.index(b"IDAT") - 4
    assert read.read(PNG[:end] + bomb + PNG[end:]) == (CONTENT,)
    assert read.read(PNG[:-12] + bomb + PNG[-12:]) == (CONTENT,)


def test_a_palette_picture_without_its_palette_is_refused() -> None:
    data = FILES["palette"]
    start, end = data.index(b"PLTE") - 4, data.index(b"IDAT") - 4
    assert refused(data[:start] + data[end:]) is Reason.IMAGE_UNREADABLE


def test_a_png_with_two_headers_is_refused() -> None:
    assert refused(png(100, 100, b"", before=chunk(b"IHDR", bytes(13)))) is Reason.IMAGE_UNREADABLE


def test_a_jpeg_with_two_frames_is_refused() -> None:
    frame = JPEG.index(b"\xff\xc0")
    length = 2 + int.from_bytes(JPEG[frame + 2 : frame + 4])
    assert refused(JPEG[:frame] + JPEG[frame : frame + length] + JPEG[frame:]) is Reason.IMAGE_UNREADABLE


def test_a_jpeg_with_scans_without_end_is_refused() -> None:
    data = FILES["progressive"]
    last = data.rindex(b"\xff\xda")
    assert refused(data[:last] + data[last:-2] * picture.MAX_SCANS + data[-2:]) is Reason.IMAGE_TOO_LARGE


@given(st.binary(max_size=300), st.sampled_from([b"", PNG[:8], PNG[:33], PNG[:60], JPEG[:2], JPEG[:30], JPEG[:400]]))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_raise_nothing_but_our_errors(data: bytes, start: bytes) -> None:
    with pytest.raises(PratiqueError):
        read.read(start + data)


@given(st.sampled_from(sorted(FILES)), st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_raises_nothing_but_our_errors(kind: str, data: st.DataObject) -> None:
    changed = bytearray(FILES[kind])
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PratiqueError):
        read.read(bytes(changed))
