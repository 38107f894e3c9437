"""What a verification relies on: a trust folder and folders of revocations, or a bundle that holds it all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from pratique.cli import options as shared
from pratique.cli import output

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.bundle import Bundle
    from pratique.revocation import Revocation
    from pratique.verify import Verifier

_F = TypeVar("_F", bound="Callable[..., Any]")

_FOLDER: Final[Any] = click.Path(path_type=Path, file_okay=False, exists=True)
_FILE: Final[Any] = click.Path(path_type=Path, dir_okay=False, exists=True)
_OPTIONS: Final = (
    shared.trust_option,
    click.option(
        "--bundle", "bundle_path", type=_FILE, metavar="FILE", help="Border bundle, in place of --trust; needs --root."
    ),
    click.option("--root", "root_path", type=_FILE, metavar="FILE", help="The pinned root, in JSON."),
    click.option(
        "--status", "status_path", type=_FOLDER, metavar="FOLDER", help="Folder of status lists (*.statuslist)."
    ),
    click.option(
        "--revocation",
        "revocation_path",
        type=_FOLDER,
        metavar="FOLDER",
        help="Folder of revocation lists of foreign formats.",
    ),
)


def options(function: _F) -> _F:
    """Return a command with the options that say what it relies on."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def verifier(
    *,
    trust_path: Path | None,
    bundle_path: Path | None,
    root_path: Path | None,
    status_path: Path | None,
    revocation_path: Path | None,
) -> tuple[Verifier, str]:
    """Return the verifier that the options make, and advice where it can accept nobody."""
    from pratique.verify import Verifier  # noqa: PLC0415 - `--help` needs none of the library

    root = None if root_path is None else shared.read_root(root_path)
    if bundle_path is None:
        store, advice = shared.load_trust(trust_path, root=root)
        return Verifier(store, revocation=_held(status_path, revocation_path)), advice
    if root is None:
        raise click.UsageError("--bundle needs --root: the pinned root, by which the bundle counts")
    if trust_path is not None or status_path is not None or revocation_path is not None:
        raise click.UsageError("a bundle has its own trust lists and revocations: give --bundle alone")
    from pratique.bundle import Bundle  # noqa: PLC0415

    bundle = Bundle.load(bundle_path, root)
    return Verifier.of_bundle(bundle), _advice(bundle)


def _held(status_path: Path | None, revocation_path: Path | None) -> Revocation:
    from pratique.revocation import NOTHING_HELD  # noqa: PLC0415

    held = NOTHING_HELD
    if status_path is not None:
        from pratique.status import StatusStore  # noqa: PLC0415

        statuses = StatusStore.load(status_path)
        for aside in statuses.set_aside:
            output.warn(f"a status list cannot be used: {aside.where}: {aside.error.detail}")
        held = held._replace(statuses=statuses)
    if revocation_path is not None:
        from pratique.status import revocation_folder  # noqa: PLC0415

        foreign = revocation_folder.load(revocation_path)
        for damage in foreign.damage:
            output.warn(f"a revocation list cannot be used: {damage.where}: {damage.detail}")
        held = held._replace(foreign=foreign)
    return held


def _advice(bundle: Bundle) -> str:
    accepts = bundle.trust().acceptance.accept
    return "" if accepts else "no issuer is accepted: the bundle's acceptance has no accept line"
