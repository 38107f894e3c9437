"""`pratique trust`: whom a verifier trusts, from the operator who signs the lists to the desk that relies on them."""

from __future__ import annotations

from typing import Final

import click

from pratique.cli.lazy import LazyGroup

_COMMANDS: Final = {
    "show": "Show who is trusted.",
    "add": "Add an issuer's certificate or key, and accept it.",
    "check": "Check a trust folder.",
    "explain": "Say which line of the acceptance decides about a code.",
    "import": "Make a trust list of what a network publishes.",
    "diff": "Show what a new edition of a trust list changes.",
    "withdraw": "Withdraw a key: it leaked, or was replaced.",
    "renew": "Make the next edition of a trust list.",
    "root": "Make the root: who must sign, and how many of them.",
    "sign": "Sign a list, a root, a rule set or a bundle.",
    "verify": "Show who signed a file, and whether they are enough.",
    "pin": "Pin a root in a trust folder.",
    "update": "Take a signed list into a trust folder.",
}


@click.group(cls=LazyGroup, commands_of=("pratique.cli.trust", _COMMANDS))
def command() -> None:
    """Show, extend, sign and check whom a verifier trusts.

    A trust folder holds lists of issuers and their keys, and acceptance.json: which of them are accepted here, for
    what. Without an acceptance line nobody is. Lists are the operator's own files (*.trust.json), or signed by the
    owners of a root's keys and taken in by `update`.
    """
