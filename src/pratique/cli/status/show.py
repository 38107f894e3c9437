"""`pratique status show`: a register, or the lists in a folder with their ages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output

if TYPE_CHECKING:
    from datetime import datetime


@click.command(epilog=options.examples("pratique status show register/", "pratique status show status/ --json"))
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@options.at_option
def command(*, folder: Path, as_json: bool, at: datetime | None) -> int:
    """Show a register of an issuer, or the lists in a folder of a verifier and how old they are.

    Ages: fresh; due, a newer one should be here; stale or over, it can still say no, and its yes is not believed;
    early, it is from the future; undated. Who signed a list is not asked here, but whenever one is taken in or used.

    Exit code: 1 where a list cannot be used.
    """
    from pratique.status.journal import SNAPSHOT  # noqa: PLC0415 - `--help` needs none of the library

    if (folder / SNAPSHOT).exists():
        return _register(folder, as_json=as_json)
    from pratique.cli.parts import print_parts, view  # noqa: PLC0415
    from pratique.inventory import Age, revocations, status_list  # noqa: PLC0415
    from pratique.status import StatusStore, revocation_folder  # noqa: PLC0415

    moment = at or options.now()
    store = StatusStore.load(folder)
    parts = [
        *(status_list(each, at=moment) for each in store.lists),
        *revocations(revocation_folder.contents(folder), at=moment),
    ]
    if as_json:
        aside = [{"where": each.where, "detail": each.error.detail} for each in store.set_aside]
        output.print_json({"lists": view(parts), "set_aside": aside})
    else:
        print_parts(parts)
        for each in store.set_aside:
            output.warn(f"cannot be used: {each.where}: {each.error.detail or each.error.code.meaning}")
    return 1 if store.set_aside or any(part.age is Age.OVER for part in parts) else 0


def _register(folder: Path, *, as_json: bool) -> int:
    from pratique.model.dates import rfc3339  # noqa: PLC0415
    from pratique.status import Register  # noqa: PLC0415

    with Register.open(folder) as register:
        published = register.published_at
        view: dict[str, Any] = {
            "uri": register.uri,
            "size": register.size,
            "bits": register.bits,
            "given_out": register.size - register.free,
            "free": register.free,
            "revocation_is_final": register.revocation_is_final,
            "published_at": None if published is None else rfc3339(published),
        }
    if as_json:
        output.print_json(view)
    else:
        output.pairs([(name.replace("_", " "), _word(value)) for name, value in view.items()], indent=0)
    return 0


def _word(value: Any) -> str:
    """Return a value for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "never" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
