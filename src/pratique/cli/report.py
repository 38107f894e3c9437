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
    from datetime import datetime
    from pathlib import Path

    from pratique.model import Credential
    from pratique.rules import Judgement, RuleSet
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
    Reason.CHALLENGE_NEEDED: "give the request of this desk that the code answers with --request",
    Reason.COMPARE_BY_EYE: "give --mrz, or compare name and birth date with the document and give --compared-by-eye",
}


def print_verdict(report: Report | SessionReport) -> None:
    """Print what the officer reads first: the verdict, large, and why."""
    click.secho(f" {report.verdict.value.upper()} ".center(_WIDTH, "="), bold=True, fg=COLOURS[report.verdict])
    click.echo()
    output.paragraph(report.explain())


def print_report(report: Report, rule_set: RuleSet | None = None, rules_path: Path | None = None) -> None:
    """Print a report for the officer. What the holder showed is in it: it is there to be compared.

    With the entry rules, it says in words which of them hold and which do not, and how to ask for what is missing.
    """
    print_verdict(report)
    if report.credential is not None:
        print_shown(report.credential)
    if rule_set is not None and report.judgement is not None:
        print_rules(rule_set, report.judgement, report.at)
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
    if rule_set is not None and report.missing:
        from pratique.cli.rulings import follow_up  # noqa: PLC0415

        output.advise(follow_up(rule_set, report.missing, report.credential, rules_path))


def print_rules(rule_set: RuleSet, judgement: Judgement, at: datetime) -> None:
    """Print what each of the entry rules came to."""
    from pratique.cli.rulings import print_judgement, title  # noqa: PLC0415 - not every desk has rules

    output.heading("Entry rules")
    output.paragraph(title(rule_set) if judgement.in_force else f"{title(rule_set)} (not in force)", indent=2)
    print_judgement(rule_set, judgement, at)


def print_shown(credential: Credential) -> None:
    """Print what the holder showed."""
    output.heading("Shown by the holder" if credential.withheld else "In the credential")
    output.pairs([*holder_rows(credential), *event_rows(credential)])
    if credential.withheld:
        entries = "entries stay" if credential.withheld > 1 else "entry stays"
        click.echo(f"  (up to {credential.withheld} more {entries} closed)")
