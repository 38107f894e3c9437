"""What the fuzz harnesses share: one input goes to one target, and anything but a PratiqueError is a finding."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def give(targets: Sequence[Callable[[bytes], None]], data: bytes) -> None:
    """Give one input to the target that its first byte chooses."""
    if not data:
        return
    try:
        targets[data[0] % len(targets)](data[1:])
    except PratiqueError:
        return


def fuzz(targets: Sequence[Callable[[bytes], None]]) -> None:
    """Fuzz until atheris is told to stop."""
    import atheris  # noqa: PLC0415 - only the fuzzing itself needs it, and it is not installed with the tests

    atheris.instrument_all()
    atheris.Setup(sys.argv, lambda data: give(targets, data))
    atheris.Fuzz()
