"""`pratique request`: what a verifier asks a traveller to show, signed, and whom a traveller lets ask."""

from __future__ import annotations

from typing import Final

import click

from pratique.cli.lazy import LazyGroup

_COMMANDS: Final = {
    "make": "Sign a request for what entry rules need.",
    "show": "Say who asks for what, why, and for how long.",
    "allow": "Put a verifier on a traveller's list of verifiers.",
}


@click.group(cls=LazyGroup, commands_of=("pratique.cli.request", _COMMANDS))
def command() -> None:
    """Sign what a verifier asks a traveller to show, explain it, and keep a list of those who may ask.

    A request names the verifier, its purpose, its entry rules, how long it keeps what it is shown, and under what law.
    `pratique present --request` answers one, or refuses it; `pratique verify --request` checks the answer.
    """
