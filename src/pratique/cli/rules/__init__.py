"""`pratique rules`: entry rules, for those who write them and those who are asked by them."""

from __future__ import annotations

from typing import Final

import click

from pratique.cli.lazy import LazyGroup

_COMMANDS: Final = {
    "check": "Check rule sets: form, logic, variables.",
    "minimum": "Show what a rule set needs to be shown.",
    "explain": "Say in words what a rule set asks.",
    "test": "Try a rule set on cases.",
    "example": "Print a ready-made rule set to begin with.",
}


@click.group(cls=LazyGroup, commands_of=("pratique.cli.rules", _COMMANDS))
def command() -> None:
    """Check, explain and try entry rules, and see what they need.

    A rule set is a JSON file (schemas/rule-set.schema.json): what a destination asks of travellers, for which purpose,
    by which law, and how long what is shown may be kept. `pratique trust sign` signs it.
    """
