"""Coded values: a system, a code in it, and the name to show people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coding:
    """A code of a named system; `str` is `system|code`, as credentials carry it."""

    system: str
    code: str

    def __str__(self) -> str:
        return f"{self.system}|{self.code}"
