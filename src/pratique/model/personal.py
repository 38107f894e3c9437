"""Values about a person, whose `repr` names what is there and shows none of it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any


class Personal:
    """A base for frozen values with personal data: `repr` lists the fields that have a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(name for name, _ in self.known())})"

    def known(self) -> list[tuple[str, Any]]:
        """Return the fields that have a value, in their order."""
        return [
            (field.name, value)
            for field in fields(self)  # type: ignore[arg-type]  # every subclass is a dataclass
            if (value := getattr(self, field.name)) is not None
        ]
