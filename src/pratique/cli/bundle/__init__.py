"""`pratique bundle`: all that a kiosk relies on, in one signed file."""

from __future__ import annotations

from typing import Final

import click

from pratique.cli.lazy import LazyGroup

_COMMANDS: Final = {
    "make": "Pack trust lists, acceptance, revocations and rules.",
    "show": "Show what is in a bundle, and how old each part is.",
    "install": "Take a bundle into the folder of a kiosk.",
}


@click.group(cls=LazyGroup, commands_of=("pratique.cli.bundle", _COMMANDS))
def command() -> None:
    """Pack, show and install border bundles.

    A bundle is one signed file that travels on a stick: trust lists, acceptance, status lists, revocation lists of
    foreign formats, and entry rules. `pratique verify --bundle` needs nothing else. Nothing in it is secret.
    """
