"""A report on the screen, as an officer reads it: the verdict, why, what was shown, what to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from pratique.cli import output
from pratique.cli.claims import event_rows, holder_rows
from pratique.cli.options import HOW_TO_ADD
from pratique.reasons import Reason
from pratique.report import Outcome, Report, Verdict

if TYPE_CHECKING:
    from pratique.model import Credential
    from pratique.session import SessionReport

COLOURS: Final = {Verdict.ACCEPT: "green", Verdict.REFER: "yellow", Verdict.REJECT: "red"}
_MARKS: Final = {
    Outcome.PASSED: ("ok", "green"),
    Outcome.FAILED: ("FAIL", "red"),
    Outcome.INCONCLUSIVE: ("?", "yellow"),
    Outcome.NOT_CHECKED: ("-", None),
}
_WIDTH: Final = 60
_NEXT: Final = {
    Reason.KEY_UNKNOWN: f"if you know this issuer and trust it, {HOW_TO_ADD}",
    Reason.DOCUMENT_NEEDED: "give the machine-readable zone of the traveller's document with --mrz",
    Reason.COMPARE_BY_EYE: "give --mrz, or compare name and birth date with the document and give --compared-by-eye",
}


def print_verdict(report: Report | SessionReport) -> None:
    """Print what the officer reads first: the verdict, large, and why."""
    click.secho(f" {report.verdict.value.upper()} ".center(_WIDTH, "="), bold=True, fg=COLOURS[report.verdict])
    click.echo()
    output.paragraph(report.explain())


def print_report(report: Report) -> None:
    """Print a report for the officer. What the holder showed is in it: it is there to be compared."""
    print_verdict(report)
    if report.credential is not None:
        print_shown(report.credential)
    output.heading(f"Checks, for {report.at:%Y-%m-%d %H:%M} UTC")
    reached = [check for check in report.checks if check.code is not Reason.NOT_REACHED]
    width = max(len(check.step) for check in reached)
    for check in reached:
        mark, colour = ("!", "yellow") if check in report.warnings else _MARKS[check.outcome]
        note = f"{check.code.value}  {check.detail}".rstrip()
        click.echo(f"  {click.style(mark.rjust(4), fg=colour)}  {check.step.ljust(width)}  {output.safe(note)}")
    if len(reached) < len(report.checks):
        rest = ", ".join(check.step for check in report.checks if check not in reached)
        click.echo(f"        not reached: {rest}")
    output.heading("Tell the traveller")
    output.paragraph(report.for_traveller(), indent=2)
    if report.lists:  # otherwise nobody is trusted, and that is said elsewhere
        output.advise(_NEXT.get(report.decisive.code, ""))


def print_shown(credential: Credential) -> None:
    """Print what the holder showed."""
    output.heading("Shown by the holder" if credential.withheld else "In the credential")
    output.pairs([*holder_rows(credential), *event_rows(credential)])
    if credential.withheld:
        entries = "entries stay" if credential.withheld > 1 else "entry stays"
        click.echo(f"  (up to {credential.withheld} more {entries} closed)")
