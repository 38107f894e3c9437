"""What was not disclosed, as it stands in the data that rules read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Withheld:
    """The place of a value that is not known, because claims were not disclosed; `names` are these claims."""

    names: frozenset[str]

    def __or__(self, other: Withheld) -> Withheld:
        return Withheld(self.names | other.names)


class Partial(dict[str, Any]):
    """A map in which some value is `Withheld` or a `Partial` itself, so that as a whole it is not known."""

    def withheld(self) -> Withheld:
        """Return all that is missing in it."""
        names: set[str] = set()
        for value in self.values():
            if type(value) is Withheld:
                names |= value.names
            elif type(value) is Partial:
                names |= value.withheld().names
        return Withheld(frozenset(names))
