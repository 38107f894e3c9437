"""`pratique rules check`: whether rule sets can be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output
from pratique.errors import FetchError, PratiqueError, RuleError
from pratique.model.dates import rfc3339
from pratique.reasons import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.rules import RuleSet
    from pratique.trust.root import Root


@click.command(epilog=options.examples("pratique rules check entry.json", "pratique rules check rules/*.json --json"))
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@options.optional_root_option
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON, one line each.")
@options.at_option
def command(*, files: tuple[Path, ...], root: Root | None, as_json: bool, at: datetime | None) -> int:
    """Check rule sets: the form, each rule's logic, and that every variable that it reads exists.

    Exit code 1 where one cannot be used.
    """
    errors = 0
    for file in files:
        try:
            rule_set = _read(file, root)
        except PratiqueError as error:
            errors += 1
            if as_json:
                found = output.error_view(error)
                output.print_json({"file": output.named(str(file)), **found}, indent=None)
            else:
                name = output.safe(output.named(str(file)))
                click.echo(f"{name}: {click.style('error', fg='red')}: {output.safe(str(error))}")
            continue
        moment = at or options.now()
        if as_json:
            output.print_json({"file": str(file), **_view(rule_set, moment)}, indent=None)
        else:
            _print(file, rule_set, moment)
    return 1 if errors else 0


def _read(file: Path, root: Root | None) -> RuleSet:
    """Return the rule set in a file. Raises: PratiqueError: it holds none that can be used, or cannot be read."""
    try:
        return options.read_rules(file, root)
    except OSError as error:
        raise FetchError(Reason.FETCH_FAILED, str(error.strerror)) from None
    except click.UsageError:
        raise RuleError(Reason.RULES_INVALID, "it is signed, and counts by the pinned root: give --root") from None


def _view(rule_set: RuleSet, at: datetime) -> dict[str, Any]:
    return {
        "id": rule_set.id,
        "version": rule_set.edition,
        "rules": len(rule_set.rules),
        "valid_from": rfc3339(rule_set.valid_from),
        "valid_to": rfc3339(rule_set.valid_to),
        "in_force": rule_set.is_in_force(at),
        "sha256": rule_set.sha256.hex(),
    }


def _print(file: Path, rule_set: RuleSet, at: datetime) -> None:
    state = "in force" if rule_set.is_in_force(at) else "NOT in force now"
    times = f"{rule_set.valid_from:%Y-%m-%d} to {rule_set.valid_to:%Y-%m-%d}"
    click.echo(
        f"{output.safe(str(file))}: in order: {rule_set.id} {rule_set.edition}, "
        f"{output.counted(len(rule_set.rules), 'rule')}, {times}, {state}"
    )
    click.echo(f"  SHA-256 {rule_set.sha256.hex()}")
