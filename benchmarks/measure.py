"""Times that can be compared on a busy machine, and the tables that they go into. Needs nothing but Python.

Competitors take turns in slices of a few milliseconds, so that whatever else the machine does meets all of them, and
the shortest time of each counts, since everything else that happens only adds to it. Each turn begins with some calls
that are not timed. Ratios of such times repeat to a few per cent where times do not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ABSENT = "absent"
_WARMING = 5  # one in so many calls goes before those that are timed


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured.

    `rounds` turns of each competitor, of `turn` seconds or one call; `starts` of an interpreter; `pictures` of each
    distortion; `keys` in a large trust list; `seconds` for each turn of the threads; `statuses` in
    a status list.
    """

    rounds: int = 120
    turn: float = 0.01
    starts: int = 15
    pictures: int = 17
    keys: int = 50_000
    seconds: float = 0.008
    statuses: int = 100_000_000


QUICK = Effort(rounds=1, turn=0, starts=1, pictures=1, keys=20, seconds=0.001, statuses=8_000)
"""Everything once: it shows that the benchmarks run, and nothing else."""


@dataclass(frozen=True, slots=True)
class Table:
    """A title, what a reader should know about it, the names of the columns, and rows of as many cells."""

    title: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        lines = (self.columns, ("---", *["---:"] * (len(self.columns) - 1)), *self.rows)
        return "\n".join([f"## {self.title}", "", self.about, "", *(f"| {' | '.join(cells)} |" for cells in lines), ""])


def take_turns(competitors: Mapping[str, Callable[[], object]], *, rounds: int, turn: float = 0.01) -> dict[str, float]:
    """Return the shortest time of one call of each competitor, in seconds."""
    counts = {name: max(1, round(turn / _once(call))) for name, call in competitors.items()}
    shortest = dict.fromkeys(competitors, float("inf"))
    for _ in range(rounds):
        for name, call in competitors.items():
            times = range(counts[name])
            for _ in range(counts[name] // _WARMING):  # what the one before left in the caches is not this one's cost
                call()
            begin = time.perf_counter()
            for _ in times:
                call()
            shortest[name] = min(shortest[name], (time.perf_counter() - begin) / counts[name])
    return shortest


def _once(call: Callable[[], object]) -> float:
    """Return what one call takes, after a first one that may have to load and cache things."""
    call()
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def micro(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f} µs"


def milli(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f} ms"


def at_most(limit: float, value: float, unit: str = "") -> str:
    """Return a target, and whether a value meets it."""
    return f"≤ {limit:g}{unit}, {'met' if value <= limit else 'missed'}"


def at_least(limit: float, value: float) -> str:
    return f"≥ {limit:g}, {'met' if value >= limit else 'missed'}"
