"""The parts of a bundle or of a folder, with their ages, as a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pratique.cli import output
from pratique.model.dates import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from pratique.inventory import Part

_COLOURS: Final = {"fresh": "green", "due": "yellow", "stale": "yellow", "early": "red", "over": "red"}
_HEADER: Final = ("", "what", "name", "content", "issued", "due", "ends")


def print_parts(parts: Sequence[Part]) -> None:
    """Print the parts, one a line."""
    rows = [
        (
            part.age.value,
            part.kind,
            part.name,
            part.content,
            *(_minute(each) for each in (part.issued_at, part.next_update, part.expires_at)),
        )
        for part in parts
    ]
    output.table(_HEADER, rows, colours=[_COLOURS.get(row[0]) for row in rows])


def view(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Return the parts as JSON; dates that a part does not have are left out."""
    return [
        {
            "kind": part.kind,
            "name": part.name,
            "content": part.content,
            "age": part.age.value,
            **{
                name: rfc3339(moment)
                for name in ("issued_at", "next_update", "expires_at")
                if (moment := getattr(part, name)) is not None
            },
        }
        for part in parts
    ]


def _minute(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
