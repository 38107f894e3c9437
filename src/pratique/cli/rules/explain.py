"""`pratique rules explain`: what a rule set asks, in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import options, output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.rules import Rule
    from pratique.trust.root import Root


@click.command(
    epilog=options.examples("pratique rules explain entry.json", "pratique rules explain entry.json --language fr")
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@options.optional_root_option
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Language of the descriptions.")
def command(*, file: Path, root: Root | None, language: str) -> int:
    """Say in words what a rule set asks, of whom, why, by which law, and how long what is shown is kept."""
    from pratique.model.codes import Coding, country_name  # noqa: PLC0415
    from pratique.request.consideration import kept  # noqa: PLC0415

    rule_set = options.read_rules(file, root)
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
    return 0


def in_language(texts: Mapping[str, str], language: str) -> str:
    """Return the text in a language, else in English, else in the first there is."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
