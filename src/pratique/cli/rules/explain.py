"""`pratique rules explain`: what a rule set asks, in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pratique.cli import options, output
from pratique.model.dates import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.rules import Rule, RuleSet
    from pratique.trust.root import Root


@click.command(
    epilog=options.examples(
        "pratique rules explain entry.json",
        "pratique rules explain entry.json --language fr",
        "pratique rules explain entry.json --json",
    )
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@options.optional_root_option
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Language of the descriptions.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(*, file: Path, root: Root | None, language: str, as_json: bool) -> int:
    """Say in words what a rule set asks, of whom, why, by which law, and how long what is shown is kept."""
    rule_set = options.read_rules(file, root)
    if as_json:
        output.print_json(_view(rule_set, language))
    else:
        _print(rule_set, language)
    return 0


def _view(rule_set: RuleSet, language: str) -> dict[str, Any]:
    """Return the rule set with its texts in one language, and for each rule what it reads instead of its logic."""
    return {
        "id": rule_set.id,
        "version": rule_set.edition,
        "title": in_language(rule_set.title, language),
        "destination": rule_set.destination,
        "valid_from": rfc3339(rule_set.valid_from),
        "valid_to": rfc3339(rule_set.valid_to),
        "zone": str(rule_set.zone),
        "purpose": rule_set.purpose,
        "legal_basis": in_language(rule_set.legal_basis, language),
        "retention": rule_set.document["retention"],
        "sha256": rule_set.sha256.hex(),
        "rules": [
            {
                "id": rule.id,
                "requirement": rule.requirement,
                "description": in_language(rule.description, language),
                "reads": sorted(rule.reads),
                **{
                    name: sorted(values)
                    for name in ("kinds", "targets", "formats", "countries")
                    if (values := getattr(rule.applies_to, name)) is not None
                },
            }
            for rule in rule_set.rules
        ],
    }


def _print(rule_set: RuleSet, language: str) -> None:
    from pratique.model.codes import Coding, country_name  # noqa: PLC0415
    from pratique.request.consideration import kept  # noqa: PLC0415

    output.pairs(
        [
            ("rule set", f"{rule_set.id} {rule_set.edition}"),
            ("title", in_language(rule_set.title, language)),
            ("destination", country_name(rule_set.destination) or rule_set.destination),
            ("in force", f"{rule_set.valid_from:%Y-%m-%d} to {rule_set.valid_to:%Y-%m-%d}"),
            ("days count in", str(rule_set.zone)),
            ("purpose", rule_set.purpose),
            ("by law", in_language(rule_set.legal_basis, language)),
            ("kept", kept(rule_set.retention)),
        ],
        indent=0,
    )
    requirements: dict[str, list[Rule]] = {}
    for rule in rule_set.rules:
        requirements.setdefault(rule.requirement, []).append(rule)
    for name, rules in requirements.items():
        output.heading(name if len(requirements) > 1 else "Rules")
        for rule in rules:
            applies = rule.applies_to
            about = [Coding("icd11", target).display or target for target in sorted(applies.targets or ())]
            whom = ", ".join([*sorted(applies.kinds or ["any fact"]), *about, *sorted(applies.formats or ())])
            output.paragraph(f"{rule.id} ({whom}): {in_language(rule.description, language)}", indent=2)
            reads = ", ".join(sorted(rule.reads - {"now", "today"})) or "nothing but the time"
            output.paragraph(f"reads {reads}", indent=6)


def in_language(texts: Mapping[str, str], language: str) -> str:
    """Return the text in a language, else in English, else in the first there is."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
