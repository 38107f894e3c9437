"""`pratique status`: taking credentials back, and learning which were taken back."""

from __future__ import annotations

from typing import Final

import click

from pratique.cli.lazy import LazyGroup

_COMMANDS: Final = {
    "create": "Make a register for a status list.",
    "allocate": "Give out places on the list, at random.",
    "revoke": "Take credentials back for good.",
    "suspend": "Take credentials back for the time being.",
    "reinstate": "Let credentials count again.",
    "publish": "Sign the list as it is now.",
    "add": "Take a revocation list of another network into a folder.",
    "show": "Show a register, or a folder of lists.",
}


@click.group(cls=LazyGroup, commands_of=("pratique.cli.status", _COMMANDS))
def command() -> None:
    """Revoke credentials, and learn which were revoked.

    An issuer keeps a register, a folder: it gives each credential a place on a list and signs the list at fixed hours.
    A verifier takes whole lists in with `trust update`, for everybody at once, so that nobody learns whom it looks up.
    """
