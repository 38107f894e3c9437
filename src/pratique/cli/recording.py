"""`pratique verify --record`: what is kept of each verification, as the rules allow it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from pratique.cli import output

if TYPE_CHECKING:
    from pratique.report import Report
    from pratique.request import Request
    from pratique.rules import RuleSet
    from pratique.session import SessionReport


class Recorder(NamedTuple):
    """Keeps records in a file, on the terms of entry rules, a request, or both."""

    path: Path
    rules: RuleSet | None
    request: Request | None = None

    def keep(self, report: Report | SessionReport) -> None:
        """Put a report's record on the file, or say that nothing may be kept. Raises: OSError."""
        from pratique import record_file  # noqa: PLC0415 - most desks keep nothing

        record = report.record(rules=self.rules, request=self.request)
        if record is None:
            output.note("not recorded: rules or request allow nothing to be kept")
        else:
            record_file.append(self.path, record)


def recorder(path: Path | None, rules: RuleSet | None, request: Request | None = None) -> Recorder | None:
    """Return what `--record` asks for, None where it is not given. Raises: UsageError: nobody said what may be kept."""
    if path is None:
        return None
    if rules is None and request is None:
        raise click.UsageError("--record needs entry rules: they say what may be kept, why, and for how long")
    return Recorder(path, rules, request)


option: Final = click.option(
    "--record",
    "record_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Put what the entry rules allow to be kept at the end of this file: verdict, codes, the hour; no claim.",
)
