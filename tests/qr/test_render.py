"""What is drawn is the smallest symbol, and is read by the readers at hand: zxing-cpp, and OpenCV where installed."""

from __future__ import annotations

import importlib.util
import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
import qrcode
import qrcode.constants
import qrcode.util
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from pratique.codec.base45 import ALPHABET
from pratique.errors import CapacityError
from pratique.qr import read, render, text
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = {
    "L": qrcode.constants.ERROR_CORRECT_L,
    "M": qrcode.constants.ERROR_CORRECT_M,
    "Q": qrcode.constants.ERROR_CORRECT_Q,
    "H": qrcode.constants.ERROR_CORRECT_H,
}
LIMITS = {"L": 4296, "M": 3391, "Q": 2420, "H": 1852}  # ISO/IEC 18004, table 7, version 40, alphanumeric
CONTENT = text.encode(bytes(range(256)) + bytes(80))


def by_zxing(picture: Image.Image) -> str:
    (code,) = zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.QRCode)
    return code.text


def by_opencv(picture: Image.Image) -> str:
    import cv2  # noqa: PLC0415 - may not be installed
    import numpy as np  # noqa: PLC0415

    found, _, _ = cv2.QRCodeDetector().detectAndDecode(np.asarray(picture.convert("L")))
    return str(found)


READERS: list[Callable[[Image.Image], str]] = [by_zxing]
if importlib.util.find_spec("cv2"):
    READERS.append(by_opencv)


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def smallest(content: str, level: str) -> int:
    """Return modules a side as qrcode chooses them, with one alphanumeric segment."""
    code = qrcode.QRCode(error_correction=LEVELS[level])
    code.add_data(qrcode.util.QRData(content, mode=qrcode.util.MODE_ALPHA_NUM))
    return 17 + 4 * int(code.best_fit())


@given(st.text(ALPHABET, min_size=1, max_size=1200), st.sampled_from("LMQH"))
@settings(max_examples=60, deadline=None)
def test_the_version_is_never_larger_than_one_alphanumeric_segment_needs(content: str, level: str) -> None:
    assert render.modules(content, error_correction=level) <= smallest(content, level)  # runs of digits save a little


@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("version", [1, 2, 9, 10, 13, 16, 26, 27, 39])
def test_the_version_grows_at_the_very_character_that_no_longer_fits(level: str, version: int) -> None:
    holds = 1
    low, high = 1, LIMITS[level]
    while low <= high:  # the longest text that qrcode puts into this version
        middle = (low + high) // 2
        if smallest("A" * middle, level) <= 17 + 4 * version:
            holds, low = middle, middle + 1
        else:
            high = middle - 1
    assert render.modules("A" * holds, error_correction=level) == 17 + 4 * version
    assert render.modules("A" * (holds + 1), error_correction=level) == 21 + 4 * version


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("mask", [None, 0, 1, 2, 3, 4, 5, 6, 7])
def test_png_is_read_by_others(reader: Callable[[Image.Image], str], mask: int | None) -> None:
    assert reader(picture(render.png(CONTENT, mask=mask))) == CONTENT


@pytest.mark.parametrize("level", "LMQH")
def test_png_is_read_at_every_level(level: str) -> None:
    assert by_zxing(picture(render.png(CONTENT, error_correction=level))) == CONTENT


@pytest.mark.parametrize("content", ["https://issuer.example/ä", "shc:/" + "0123456789" * 20, "日本", "a" * 2331])
def test_text_beyond_the_alphanumeric_set_is_read_back(content: str) -> None:
    assert read.read(render.png(content, module=3)) == (content,)


def test_symbols_of_qrcode_are_read() -> None:
    code = qrcode.QRCode(error_correction=LEVELS["M"], box_size=4)
    code.add_data(CONTENT)
    file = io.BytesIO()
    code.make_image().save(file)
    assert read.read(file.getvalue()) == (CONTENT,)


@pytest.mark.parametrize("module", [1, 2, 3, 5, 7, 8, 13, 64])
@pytest.mark.parametrize("quiet_zone", [0, 1, 4])
def test_png_is_one_bit_and_shows_exactly_the_modules(module: int, quiet_zone: int) -> None:
    symbol = render.symbol("PQ1:ABC", mask=0)
    shown = picture(render.png("PQ1:ABC", module=module, quiet_zone=quiet_zone, mask=0))
    assert (shown.mode, shown.size) == ("1", (module * (symbol.size + 2 * quiet_zone),) * 2)
    expected = Image.new("1", (symbol.size + 2 * quiet_zone,) * 2, 1)
    for y, row in enumerate(symbol.rows):
        for x, dark in enumerate(row):
            expected.putpixel((quiet_zone + x, quiet_zone + y), 0 if dark else 1)
    assert shown.tobytes() == expected.resize(shown.size, Image.Resampling.NEAREST).tobytes()


def test_svg_shows_exactly_the_modules() -> None:
    document = ET.fromstring(render.svg(CONTENT, mask=3))  # noqa: S314 - it was made here
    symbol = render.symbol(CONTENT, mask=3)
    side = symbol.size + 8
    assert document.get("viewBox") == f"0 0 {side} {side}"
    shown = Image.new("L", (side, side), 255)
    draw = ImageDraw.Draw(shown)
    ground, dark = document
    assert ground.get("fill") == "#fff"
    for x, y, length in re.findall(r"M(\d+),(\d+)h(\d+)v1h-\d+z", dark.get("d") or ""):
        draw.line((int(x), int(y), int(x) + int(length) - 1, int(y)), fill=0)
    assert shown.tobytes() == picture(render.png(CONTENT, module=1, mask=3)).convert("L").tobytes()


@pytest.mark.parametrize("ground", [0, 255], ids=["dark terminal", "light terminal"])
def test_terminal_output_scans_whatever_the_terminals_colours(ground: int) -> None:
    lines = render.terminal(CONTENT).splitlines()
    width = max(len(re.sub("\x1b[^m]*m", "", line)) for line in lines)
    screen = Image.new("L", (width + 20, 2 * len(lines) + 20), ground)
    for y, line in enumerate(lines):
        colours = re.match("\x1b\\[38;5;16;48;5;231m", line)
        assert colours
        assert line.endswith("\x1b[0m")
        for x, cell in enumerate(line[colours.end() : -4]):
            upper, lower = {" ": (255, 255), "▀": (0, 255), "▄": (255, 0), "█": (0, 0)}[cell]
            screen.putpixel((10 + x, 10 + 2 * y), upper)
            screen.putpixel((10 + x, 11 + 2 * y), lower)
    assert by_zxing(screen.resize((screen.width * 4, screen.height * 4), Image.Resampling.NEAREST)) == CONTENT


def test_no_quiet_zone_can_be_asked_for() -> None:
    assert len(render.terminal("A", quiet_zone=0).splitlines()) == 11


@pytest.mark.parametrize("level", "LMQH")
def test_the_longest_text_fits_and_one_more_character_does_not(level: str) -> None:
    assert render.modules("A" * LIMITS[level], error_correction=level) == 177
    with pytest.raises(CapacityError) as caught:
        render.symbol("A" * (LIMITS[level] + 1), error_correction=level)
    assert caught.value.code is Reason.QR_DOES_NOT_FIT
    assert f"{LIMITS[level] + 1:,} characters" in str(caught.value)
    assert f"{LIMITS[level]:,}" in str(caught.value)
    assert "AAA" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "level", "hint"),
    [
        ("A" * 3392, "M", "correction L"),
        ("A" * 3000, "H", "correction M"),
        ("A" * 4297, "H", ""),
        ("a" * 1300, "H", "Q"),
    ],
)
def test_what_does_not_fit_is_hinted_the_highest_level_at_which_it_would(content: str, level: str, hint: str) -> None:
    with pytest.raises(CapacityError) as caught:
        render.png(content, error_correction=level)
    assert hint in caught.value.hint
    assert bool(hint) == bool(caught.value.hint)


def test_a_symbol_does_not_show_its_text() -> None:
    assert repr(render.symbol("A")) == "Symbol(size=21)"


@pytest.mark.parametrize(
    "options",
    [
        {"error_correction": "X"},
        {"mask": 8},
        {"mask": -1},
        {"mask": True},
        {"mask": 3.0},
        {"module": 0},
        {"quiet_zone": -1},
    ],
)
def test_options_that_do_not_exist_are_misuse(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        render.png("A", **options)


@pytest.mark.parametrize("content", ["", "\ud800"])
def test_text_that_has_no_code_is_misuse(content: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        render.symbol(content)
