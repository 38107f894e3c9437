"""What a verification relies on: a trust folder and folders of revocations, or a bundle that holds it all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import click

from pratique.cli import options as shared
from pratique.cli import output

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pratique.bundle import Bundle
    from pratique.bundle_folder import Installed
    from pratique.freshness import AgeLimits
    from pratique.revocation import Revocation
    from pratique.rules import RuleSet
    from pratique.trust import TrustStore
    from pratique.verify import Verifier

_F = TypeVar("_F", bound="Callable[..., Any]")

_MAX_DIGITS: Final = 4  # a list of 10,000 days is no list any more


class _Ages(click.ParamType["AgeLimits"]):
    """Three ages in days, each a whole number, or - for no limit."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> AgeLimits:
        """Return the limits."""
        from pratique.freshness import AgeLimits  # noqa: PLC0415 - `--help` needs none of the library

        if isinstance(value, AgeLimits):
            return value
        parts = str(value).split(",")
        days = [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) <= _MAX_DIGITS]
        if len(parts) != len(AgeLimits._fields) or len(days) + parts.count("-") < len(parts) or days != sorted(days):
            self.fail("three ages in days, none below the one before, - for no limit, such as 3,7,14", param, ctx)
        return AgeLimits(*(None if part == "-" else timedelta(days=int(part)) for part in parts))


_FOLDER: Final[Any] = click.Path(path_type=Path, file_okay=False, exists=True)
_FILE: Final[Any] = click.Path(path_type=Path, dir_okay=False, exists=True)
_TRUST_OPTIONS: Final = (
    shared.trust_option,
    click.option(
        "--bundle",
        "bundle_path",
        type=click.Path(path_type=Path, exists=True),
        metavar="FILE|FOLDER",
        help="Border bundle, in place of --trust: a file, with --root, or the folder that took it in.",
    ),
    click.option("--root", "root_path", type=_FILE, metavar="FILE", help="The pinned root, in JSON."),
)
_OPTIONS: Final = (
    *_TRUST_OPTIONS,
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
    click.option(
        "--ages",
        type=_Ages(),
        metavar="WARN,SOFT,HARD",
        help="From how many days of age on trust lists and bundle warn, refer and reject, beside their own dates.",
    ),
)


def options(function: _F) -> _F:
    """Return a command with the options that say what it relies on."""
    return _with(_OPTIONS, function)


def trust_options(function: _F) -> _F:
    """Return a command with those of the options that say whom it trusts."""
    return _with(_TRUST_OPTIONS, function)


def _with(made: tuple[Callable[[_F], _F], ...], function: _F) -> _F:
    for option in reversed(made):
        function = option(function)
    return function


class Relied(NamedTuple):
    """The verifier, the rule sets that came with it, and advice where it can accept nobody."""

    verifier: Verifier
    rule_sets: tuple[RuleSet, ...]
    advice: str


def relied(  # noqa: PLR0913 - one for each option
    *,
    trust_path: Path | None,
    bundle_path: Path | None,
    root_path: Path | None,
    status_path: Path | None,
    revocation_path: Path | None,
    ages: AgeLimits | None,
) -> Relied:
    """Return what the options make."""
    from pratique.freshness import NO_LIMITS  # noqa: PLC0415 - `--help` needs none of the library
    from pratique.verify import Verifier  # noqa: PLC0415

    limits = ages or NO_LIMITS
    if bundle_path is None:
        root = None if root_path is None else shared.read_root(root_path)
        store, advice = shared.load_trust(trust_path, root=root)
        held = _held(status_path, revocation_path)
        return Relied(Verifier(store, revocation=held, list_ages=limits), (), advice)
    if trust_path is not None or status_path is not None or revocation_path is not None:
        raise click.UsageError("a bundle has its own trust lists and revocations: give --bundle alone")
    bundle = read_bundle(bundle_path, root_path).bundle
    return Relied(Verifier.of_bundle(bundle, ages=limits), bundle.rules(), _advice(bundle))


def trusted(
    *, trust_path: Path | None, bundle_path: Path | None, root_path: Path | None
) -> tuple[TrustStore, Verifier, str]:
    """Return whom the options trust, the verifier that goes by that alone, and advice where it can accept nobody."""
    from pratique.verify import Verifier  # noqa: PLC0415

    if bundle_path is None:
        root = None if root_path is None else shared.read_root(root_path)
        store, advice = shared.load_trust(trust_path, root=root)
        return store, Verifier(store), advice
    if trust_path is not None:
        raise click.UsageError("a bundle has its own trust lists: give --bundle alone")
    bundle = read_bundle(bundle_path, root_path).bundle
    return bundle.trust(), Verifier.of_bundle(bundle), _advice(bundle)


def chosen(rule_sets: tuple[RuleSet, ...], wanted: str | None, at: datetime) -> RuleSet | None:
    """Return the entry rules of a bundle by their id, or the only ones, in the edition of a moment; None of none.

    Where none is in force, the newest edition is returned: it refers, and does not go unnoticed.
    Raises: UsageError: none has that id; several are there, and which of them is meant was not said.
    """
    if not rule_sets and wanted is None:
        return None
    from pratique.rules import in_force  # noqa: PLC0415

    newest = {each.id: each for each in sorted(rule_sets, key=lambda each: each.version)}
    found = newest | in_force(rule_sets, at)
    names = ", ".join(sorted(found)) or "none; they come in a bundle"
    if wanted is None:
        found = in_force(rule_sets, at) or newest
        if len(found) > 1:
            raise click.UsageError(f"the bundle has several entry rules: choose with --rule-set, of {names}")
        (wanted,) = found
    if wanted not in found:
        raise click.UsageError(f"there are no entry rules {wanted!r}: there are {names}")
    return found[wanted]


def read_bundle(path: Path, root_path: Path | None) -> Installed:
    """Return the bundle in a file, or in the folder of a kiosk, and the root by which it counts.

    Raises: PratiqueError: it does not count. UsageError: a file without a root.
    """
    from pratique import bundle_folder  # noqa: PLC0415
    from pratique.bundle import Bundle  # noqa: PLC0415
    from pratique.trust.folder import ROOT_FILE, STATE_FILE  # noqa: PLC0415

    root = None if root_path is None else shared.read_root(root_path)
    if path.is_dir():
        if not any((path / name).exists() for name in (ROOT_FILE, STATE_FILE)):
            raise click.UsageError(
                f"{path} has taken no bundle in: pratique bundle install FILE --into {path} --root ROOT"
            )
        return bundle_folder.load(path, root=root)
    if root is None:
        raise click.UsageError("--root is needed: the pinned root, by which a bundle in a file counts")
    return bundle_folder.Installed(Bundle.load(path, root), root)


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
