"""The rule sets that come with pratique: examples of real requirements, to copy and put a destination into.

They name UTO, the country of specimens, as their destination, and none is signed. Each names its sources.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pratique.rules.ruleset import RuleSet

NAMES: Final = ("clearance", "covid-19", "polio-exit", "yellow-fever-entry")


def ready_made(name: str) -> RuleSet:
    """Return the rule set of one of `NAMES`. Raises: ValueError: any other name."""
    return RuleSet.decode(text(name))


def text(name: str) -> str:
    """Return the JSON of one of `NAMES`, as people edit it. Raises: ValueError: any other name."""
    if name not in NAMES:
        raise ValueError(f"there is no ready-made rule set of that name, only {', '.join(NAMES)}")
    return (Path(__file__).parent / "data" / f"{name}.json").read_text(encoding="utf-8")
