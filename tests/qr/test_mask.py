"""The mask that reads best, by the marks of the standard as another library gives them, looking at one module each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import qrcode.util
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.codec.base45 import ALPHABET
from pratique.qr import mask, render

if TYPE_CHECKING:
    from collections.abc import Sequence

# How many characters fill a version at level L, ISO/IEC 18004, table 7: the first and the last versions, those at which
# the pattern changes (2, 7, 14), and what credentials take.
FILLED = {1: 25, 2: 47, 6: 195, 7: 224, 13: 619, 14: 667, 17: 938, 25: 1853, 40: 4296}


def marks(rows: Sequence[bytes]) -> int:
    points: int = qrcode.util.lost_point([[bool(module) for module in row] for row in rows])
    return points


def number(rows: Sequence[bytes]) -> int:
    return int("".join(str(module) for row in rows for module in row), 2)


def text_of(length: int, seed: int) -> str:
    return "".join(ALPHABET[(seed * i * i + 7 * i) % 45] for i in range(length - 1)) + ":"


@st.composite
def grids(draw: st.DrawFn) -> list[bytes]:
    """Return a square of modules in which runs and patterns like those that are counted are not rare."""
    size = draw(st.integers(11, 30))
    piece = st.sampled_from([b"\0", b"\1", bytes(5), b"\1" * 6, b"\1\0\1\1\1\0\1", bytes(4), b"\1\0"])
    lines = [b"".join(draw(st.lists(piece, min_size=size, max_size=size)))[:size] for _ in range(size)]
    turned = draw(st.booleans())
    return [bytes(line) for line in (zip(*lines, strict=True) if turned else lines)]


@settings(deadline=None)
@given(grids())
def test_marks_are_those_of_the_standard(rows: list[bytes]) -> None:
    assert mask.penalty(number(rows), len(rows)) == marks(rows)


@pytest.mark.parametrize("filling", [(b"\0", 0), (b"\1", 0), (b"\0\1", 0), (b"\0\1", 1)])
def test_marks_of_squares_of_one_colour_and_of_stripes(filling: tuple[bytes, int]) -> None:
    colours, shift = filling
    row = (colours * 25)[shift : shift + 25]
    assert mask.penalty(number([row] * 25), 25) == marks([row] * 25)


@pytest.mark.parametrize("version", [1, 2, 7, 17])
def test_the_mask_taken_is_one_with_the_fewest_marks(version: int) -> None:
    for seed, level in enumerate("LMQH"):
        text = text_of(FILLED[version] * 2 // 5, seed)
        masked = [render.symbol(text, error_correction=level, mask=each).rows for each in mask.MASKS]  # type: ignore[arg-type]
        fewest = min(map(marks, masked))
        assert render.symbol(text, error_correction=level).rows in [rows for rows in masked if marks(rows) == fewest]  # type: ignore[arg-type]


@pytest.mark.parametrize("version", FILLED)
def test_what_is_drawn_is_the_symbol_with_one_of_the_masks(version: int) -> None:
    for seed in range(3):
        text = text_of(FILLED[version], seed)
        best = render.symbol(text, error_correction="L")
        assert best.size == 17 + 4 * version
        assert best.rows in [render.symbol(text, error_correction="L", mask=each).rows for each in mask.MASKS]


def test_how_masks_differ_does_not_hang_on_text_or_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was drawn first in a size is what all that follow are made with."""
    found = set()
    for level, length in {"L": 190, "M": 150, "Q": 100, "H": 80}.items():
        for seed in range(3):
            monkeypatch.setattr(render, "_differences", {})
            assert render.symbol(text_of(length, seed), error_correction=level).size == 41  # type: ignore[arg-type]
            found |= render._differences.items()
    assert len(found) == 1
