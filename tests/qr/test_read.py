from __future__ import annotations

import importlib.util
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from pratique.errors import DecodeError, PratiqueError
from pratique.qr import read, render
from pratique.reasons import Reason

if TYPE_CHECKING:
    from types import ModuleType

# Vectors whose expectation is not met, with the reason.
EXCEPTIONS: dict[str, str] = {}
UNREADABLE = {"IE-img-Test.png"}  # a file of one byte; its metadata says "undecodable"


def grey(content: str, module: int = 4) -> Image.Image:
    return Image.open(io.BytesIO(render.png(content, module=module, mask=0))).convert("L")


def tiny(content: str) -> Image.Image:
    """Return a code of 1.5 pixels a module, which is lost when the picture is halved."""
    code = grey(content, module=3)
    return code.resize((code.width // 2, code.height // 2))


def sheet(size: tuple[int, int], codes: dict[tuple[int, int], Image.Image]) -> Image.Image:
    made = Image.new("L", size, 230)
    for place, code in codes.items():
        made.paste(code, place)
    return made


def distortions() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "distortions.py"
    spec = importlib.util.spec_from_file_location("distortions", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_genuine_certificates_are_read_exactly(vectors: Path) -> None:
    wrong, unreadable, seen = set(), set(), 0
    for path in sorted((vectors / "eu-dcc-image").glob("*/meta.json")):
        meta = json.loads(path.read_text(encoding="utf-8"))
        seen += 1
        try:
            texts = read.read(path.with_name("input.png"))
        except PratiqueError:
            unreadable.add(path.parent.name)
            continue
        if texts != (meta["image_text"],):
            wrong.add(path.parent.name)
    assert seen >= 273
    assert wrong == set(EXCEPTIONS)
    assert unreadable == UNREADABLE


def test_distorted_pictures_are_read() -> None:
    made = distortions()
    failed = [
        f"{name} {seed}"
        for place, (name, distort) in enumerate(made.distortions())
        for seed in range(1000 * place, 1000 * place + 4)
        if made.sample(seed) not in made.climbing(distort(made.page(made.sample(seed)), seed))
    ]
    assert len(failed) <= 1, failed  # of 48


def test_distortions_are_the_same_every_time() -> None:
    made = distortions()
    picture = made.page(made.sample(1))
    for name, distort in made.distortions():
        assert distort(picture, 7).tobytes() == distort(picture, 7).tobytes(), name


@pytest.mark.parametrize("poor", ["blur", "noise", "small"])
def test_a_filter_rescues_what_a_plain_call_cannot_read(poor: str) -> None:
    made = distortions()
    distort = dict(made.distortions())[poor]
    pictures = [(made.sample(seed), distort(made.page(made.sample(seed)), seed)) for seed in range(30)]
    unread = [(content, shown) for content, shown in pictures if not made.plain(shown)]
    assert unread
    assert [content for content, shown in unread if made.climbing(shown) == (content,)]


def test_a_photograph_of_12_megapixels_is_read() -> None:
    code = grey("PQ1:" + "ABC" * 150, module=5).rotate(17, expand=True, fillcolor=230)
    photograph = sheet((4000, 3000), {(2100, 1300): code}).filter(ImageFilter.GaussianBlur(1.5))
    out = io.BytesIO()
    photograph.convert("RGB").save(out, "JPEG", quality=70)
    assert read.read(out.getvalue()) == ("PQ1:" + "ABC" * 150,)


@pytest.mark.parametrize("place", [(0, 0), (1500, 700), (3700, 2700), (750, 1500)])
def test_a_code_too_small_for_the_reduced_photograph_is_found_in_a_tile(place: tuple[int, int]) -> None:
    shown = sheet((4000, 3000), {place: tiny("PQ1:" + "ABC" * 100)})
    assert not zxingcpp.read_barcodes(shown.reduce(2), zxingcpp.BarcodeFormat.QRCode)
    assert read.read(shown) == ("PQ1:" + "ABC" * 100,)


def test_several_codes_come_in_reading_order_without_repeats() -> None:
    codes = {
        (300, 20): grey("2"),
        (20, 40): grey("1"),
        (600, 0): grey("3"),
        (40, 300): grey("4"),
        (400, 320): grey("1"),
    }
    assert read.read(sheet((800, 500), codes)) == ("1", "2", "3", "4")


def test_codes_in_different_tiles_come_in_reading_order() -> None:
    codes = {(3700, 100): tiny("2" * 300), (100, 120): tiny("1" * 300), (2000, 2600): tiny("3" * 300)}
    assert read.read(sheet((4000, 3000), codes)) == ("1" * 300, "2" * 300, "3" * 300)


@pytest.mark.parametrize("turn", range(8))
def test_every_orientation_is_read_mirrored_too(turn: int) -> None:
    shown = grey("PQ1:ABC123").rotate(90 * (turn % 4))
    assert read.read(ImageOps.mirror(shown) if turn > 3 else shown) == ("PQ1:ABC123",)


def test_light_on_dark_is_read() -> None:
    assert read.read(ImageOps.invert(grey("PQ1:ABC123"))) == ("PQ1:ABC123",)


def barcode(content: str | bytes, kind: zxingcpp.BarcodeFormat) -> Image.Image:
    made = memoryview(zxingcpp.create_barcode(content, kind).to_image(scale=4, add_quiet_zones=True))
    return Image.frombytes("L", made.shape[::-1], bytes(made))


def test_content_that_is_bytes_comes_as_a_character_for_each() -> None:
    content = b"PK\3\4" + bytes(range(256))
    assert read.read(barcode(content, zxingcpp.BarcodeFormat.QRCode)) == (content.decode("latin-1"),)


def test_aztec_is_read_where_there_is_no_qr_code() -> None:
    aztec = barcode("HC1:ABC", zxingcpp.BarcodeFormat.Aztec)
    assert read.read(aztec) == ("HC1:ABC",)
    assert read.read(sheet((600, 300), {(10, 10): aztec, (300, 10): grey("PQ1:ABC")})) == ("PQ1:ABC",)


@pytest.mark.parametrize("kind", [zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128])
def test_other_codes_are_not_read(kind: zxingcpp.BarcodeFormat) -> None:
    with pytest.raises(DecodeError) as caught:
        read.read(barcode("PQ1:ABC", kind))
    assert caught.value.code is Reason.QR_NONE_FOUND


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (1, 20_000), (20_000, 1), (500, 500)])
def test_a_picture_without_a_code_says_so_and_what_to_do(size: tuple[int, int]) -> None:
    with pytest.raises(DecodeError) as caught:
        read.read(Image.new("L", size, 200))
    assert caught.value.code is Reason.QR_NONE_FOUND
    assert caught.value.hint


def test_no_attempt_begins_when_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    search = read._search
    monkeypatch.setattr(read, "_search", lambda *given: tried.append(given) or search(*given))
    for patience, attempts in ((60.0, 8), (-1.0, 1)):
        monkeypatch.setattr(read, "PATIENCE", patience)
        tried.clear()
        with pytest.raises(DecodeError):
            read.read(Image.new("L", (300, 300), 200))
        assert len(tried) == attempts
