"""`pratique rules minimum`: the claims that a destination's rules need, and so all that it may ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pratique.cli import options, output

if TYPE_CHECKING:
    from pratique.model import Kind
    from pratique.rules import Rule
    from pratique.trust.root import Root


@click.command(epilog=options.examples("pratique rules minimum entry.json", "pratique rules minimum entry.json --json"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@options.optional_root_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(*, file: Path, root: Root | None, as_json: bool) -> int:
    """Show the claims that a rule set can read beyond what every credential shows: the most that may be asked for.

    What a holder really shows is often less: `pratique present --rules` finds the least that makes the rules hold.
    """
    from pratique.model import Kind  # noqa: PLC0415 - for the command itself
    from pratique.rules.minimum import SENSITIVITY, minimum  # noqa: PLC0415

    rule_set = options.read_rules(file, root)
    kinds = [kind for kind in Kind if any(_covers(rule, kind) for rule in rule_set.rules)]
    found = {kind: sorted(minimum(rule_set, kind), key=lambda name: (SENSITIVITY[name], name)) for kind in kinds}
    if as_json:
        output.print_json(
            {
                "rule_set": rule_set.id,
                "version": rule_set.edition,
                "sha256": rule_set.sha256.hex(),
                "claims": sorted(minimum(rule_set)),
                "by_kind": {kind.value: claims for kind, claims in found.items()},
            }
        )
        return 0
    output.pairs(
        [
            (kind.value, ", ".join(claims) or "nothing beyond what every credential shows")
            for kind, claims in found.items()
        ],
        indent=0,
    )
    return 0


def _covers(rule: Rule, kind: Kind) -> bool:
    kinds = rule.applies_to.kinds
    return kinds is None or kind in kinds
