"""`pratique records show`: what is kept, for somebody who checks it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import options, output

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pratique.record_file import Summary


@click.command(
    epilog=options.examples("pratique records show desk.records", "pratique records show desk.records --json")
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.at_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(*, file: Path, at: datetime | None, as_json: bool) -> int:
    """Sum up a file of records: how many, on what terms, what was asked for, until when they are kept.

    Every line is held to the schema of records, which has no place for a claim.

    Exit code 1 where something is kept longer than it may be, or a line is no record.
    """
    from pratique.record_file import summary  # noqa: PLC0415 - `--help` needs none of the library

    found = summary(file, at or options.now())
    if as_json:
        output.print_json(_view(found))
    else:
        _print(found)
    if found.overdue:
        output.advise(f"delete what is overdue: pratique records expire {file}")
    return 1 if found.overdue or found.unreadable else 0


def _view(found: Summary) -> dict[str, object]:
    terms = [{"purpose": purpose, "rules": rules, "records": count} for (purpose, rules), count in found.terms.items()]
    return {
        "records": found.records,
        "verdicts": dict(found.verdicts),
        "terms": terms,
        "claims_asked": dict(sorted(found.claims_asked.items())),
        "next_expiry": _time(found.next_expiry),
        "last_expiry": _time(found.last_expiry),
        "overdue": found.overdue,
        "unreadable": found.unreadable,
    }


def _print(found: Summary) -> None:
    rows = [("records", _counts(found.verdicts, found.records))]
    rows += [("terms", f"{purpose}, by {rules}: {count}") for (purpose, rules), count in found.terms.items()]
    rows.append(("claims asked for", _counts(dict(sorted(found.claims_asked.items())))))
    if found.records:
        rows.append(("to be deleted", f"from {_time(found.next_expiry)} to {_time(found.last_expiry)}"))
    rows.append(("overdue", str(found.overdue)))
    if found.unreadable:
        rows.append(("lines that are no record", str(found.unreadable)))
    output.pairs(rows, indent=0)


def _counts(counts: Mapping[str, int], total: int | None = None) -> str:
    listed = ", ".join(f"{name} {count}" for name, count in counts.items())
    if total is None:
        return listed or "none"
    return f"{total}: {listed}" if listed else str(total)


def _time(moment: datetime | None) -> str | None:
    from pratique.model.dates import rfc3339  # noqa: PLC0415

    return None if moment is None else rfc3339(moment)
