"""`pratique verify --together`: several codes as one traveller's, each with its line, and one verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pratique.cli import output
from pratique.cli.report import print_rules, print_verdict
from pratique.errors import PratiqueError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.cli.sources import Source
    from pratique.report import Report
    from pratique.rules import RuleSet
    from pratique.session import Session, SessionReport


def shown(
    session: Session, sources: Iterable[Source]
) -> tuple[list[tuple[str, Report]], list[tuple[str, PratiqueError]]]:
    """Show every code of the sources to a session; return a name and a report for each code, and what is unreadable.

    A code that was printed as several has the name of its last part.
    """
    from pratique.session import plain  # noqa: PLC0415 - loads the readers of all formats

    names: dict[str, str] = {}
    unreadable: list[tuple[str, PratiqueError]] = []
    for source in sources:
        try:
            for text in source.texts():
                session.add(text)
                names[plain(text)] = source.name
        except PratiqueError as error:
            unreadable.append((source.name, error))
    return [(names[texts[-1]], report) for texts, report in session.shown()], unreadable


def print_joined(report: SessionReport, rule_set: RuleSet | None = None, *, as_json: bool) -> None:
    """Print the verdict over all codes, and what the entry rules came to over all of them."""
    joining = report.joining
    if as_json:
        from pratique.view import rules_view  # noqa: PLC0415 - not to print for people

        output.print_json(
            {
                "verdict": report.verdict.value,
                "joining": {"outcome": joining.outcome.value, "code": joining.code.value, "meaning": joining.sentence},
                **({} if report.judgement is None else {"rules": rules_view(report.judgement)}),
            },
            indent=None,
        )
        return
    click.echo()
    print_verdict(report)
    if rule_set is not None and report.judgement is not None:
        print_rules(rule_set, report.judgement, report.reports[0].at)
        if report.missing:
            output.paragraph(f"Ask for {', '.join(sorted(report.missing))}, and nothing else.", indent=2)
    output.heading("Tell the traveller")
    output.paragraph(report.for_traveller(), indent=2)
